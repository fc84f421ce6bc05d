import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { decodeCursor, pageOf, type Page } from '../../platform/values/index.js';
import { UpstreamFeed } from '../channels/upstream-feed.service.js';
import type { ListedModel, ModelDraft } from './model.js';
import { ModelRepository } from './model.repository.js';

/** Public names of models. */
export const MODEL_NAME = /^[A-Za-z0-9][\w.:/-]{0,99}$/;

/** Keeps the table of models. What is changed here holds on every node within a second. */
@Injectable()
export class ModelRegistry {
  constructor(private readonly database: Database, private readonly repository: ModelRepository, private readonly feed: UpstreamFeed) {}

  /** By name. @throws invalid_request (param `cursor`) */
  async list(ctx: PlatformContext, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<ListedModel>> {
    const after = decodeCursor(query.cursor, [MODEL_NAME])?.[0];
    const rows = await this.database.readPlatform(ctx, (tx) => this.repository.list(tx, after, query.limit + 1));
    return pageOf(rows, query.limit, ({ name }) => [name]);
  }

  /** @throws not_found */
  async read(ctx: PlatformContext, name: string): Promise<ListedModel> {
    const model = MODEL_NAME.test(name) ? await this.database.readPlatform(ctx, (tx) => this.repository.find(tx, name)) : undefined;
    if (model === undefined) throw new DomainError('not_found', { param: 'name' });
    return model;
  }

  /** Enters or replaces a model. @throws invalid_request (param `name`, `max_answer_tokens`) */
  async put(ctx: PlatformContext, name: string, draft: ModelDraft): Promise<ListedModel> {
    if (!MODEL_NAME.test(name)) throw new DomainError('invalid_request', { param: 'name', message: 'name must have 1 to 100 characters: letters, digits, and _ . : / - after the first' });
    if (draft.maxAnswerTokens >= draft.contextWindow) throw new DomainError('invalid_request', { param: 'max_answer_tokens', message: 'max_answer_tokens must be less than context_window' });
    await this.database.inPlatform(ctx, (tx) => this.repository.put(tx, name, draft));
    await this.feed.tell(name);
    return this.read(ctx, name);
  }

  /** A model that the environment names, too, is then as the environment says. @throws not_found */
  async remove(ctx: PlatformContext, name: string): Promise<void> {
    if (!(await this.database.inPlatform(ctx, (tx) => this.repository.remove(tx, name)))) throw new DomainError('not_found', { param: 'name' });
    await this.feed.tell(name);
  }
}
