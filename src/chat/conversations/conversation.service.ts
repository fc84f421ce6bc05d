import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { decodeCursor, isId, newId, pageOf, type Page } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { ModelService } from '../../upstream/index.js';
import { OwnWords } from '../account/own-words.service.js';
import { HistoryRepository } from '../messages/history.repository.js';
import { userOf } from '../run/owner.js';
import { RunControlService } from '../run/run-control.service.js';
import { RunRepository } from '../run/run.repository.js';
import { ConversationRepository, type Conversation, type ConversationChange } from './conversation.repository.js';

export interface NewConversation {
  readonly title?: string;
  readonly model?: string;
  readonly systemPrompt?: string;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/;
const ID = /^[0-9a-f-]{36}$/;

/** A user's conversations. Everything here is for the owner alone: somebody else's conversation is `not_found`. */
@Injectable()
export class ConversationService {
  constructor(
    private readonly database: Database,
    private readonly conversations: ConversationRepository,
    private readonly history: HistoryRepository,
    private readonly runs: RunRepository,
    private readonly control: RunControlService,
    private readonly tenants: TenantService,
    private readonly models: ModelService,
    private readonly words: OwnWords,
  ) {}

  /** @throws DomainError `not_found` (param `model`), `content_blocked` (param `title` or `system_prompt`). */
  async create(ctx: RequestContext, wish: NewConversation): Promise<Conversation> {
    const model = await this.pickModel(ctx, wish.model);
    const row = { id: newId(), userId: userOf(ctx), model, title: null, systemPrompt: null, ...(await this.judged(ctx, wish)) };
    const made = await this.database.inTenant(ctx, (tx) => this.conversations.create(tx, row));
    void this.history.begin(ctx, made);
    return (await this.naming(ctx))(made);
  }

  /** Most recently active first. */
  async list(ctx: RequestContext, cursor: string | undefined, limit: number): Promise<Page<Conversation>> {
    const key = decodeCursor(cursor, [TIME, ID]);
    const after = key === undefined ? undefined : { activeAt: key[0] ?? '', id: key[1] ?? '' };
    const rows = await this.database.readTenant(ctx, (tx) => this.conversations.list(tx, userOf(ctx), after, limit));
    return pageOf(rows.map(await this.naming(ctx)), limit, (row) => [row.activeAt.toISOString(), row.id]);
  }

  async read(ctx: RequestContext, id: string): Promise<Conversation> {
    const row = found(isId(id) ? await this.database.readTenant(ctx, (tx) => this.conversations.find(tx, userOf(ctx), id)) : undefined);
    return (await this.naming(ctx))(row);
  }

  /** Title, model or system prompt. What it does not name stays. */
  async change(ctx: RequestContext, id: string, change: ConversationChange): Promise<Conversation> {
    await this.read(ctx, id);
    const kept = { ...change, ...(await this.judged(ctx, change)), ...(change.model === undefined ? {} : { model: await this.pickModel(ctx, change.model) }) };
    const changed = await this.database.inTenant(ctx, (tx) => this.conversations.change(tx, userOf(ctx), id, kept));
    await this.history.drop(ctx.tenantId, id);
    return (await this.naming(ctx))(found(changed));
  }

  /** What the user wrote of it, as the word lists leave it. */
  private async judged(ctx: RequestContext, { title, systemPrompt }: { readonly title?: string | null; readonly systemPrompt?: string | null }): Promise<{ readonly title?: string; readonly systemPrompt?: string }> {
    return {
      ...(title === undefined || title === null ? {} : { title: await this.words.judged(ctx, 'title', title) }),
      ...(systemPrompt === undefined || systemPrompt === null ? {} : { systemPrompt: await this.words.judged(ctx, 'system_prompt', systemPrompt) }),
    };
  }

  /** Stops a running answer, then deletes the conversation with all of its messages. */
  async remove(ctx: RequestContext, id: string): Promise<void> {
    await this.read(ctx, id);
    const open = await this.database.readTenant(ctx, (tx) => this.runs.openOfConversation(tx, id));
    for (const runId of open) await this.control.endRun(ctx.tenantId, runId, { kind: 'stopped' });
    await this.database.inTenant(ctx, (tx) => this.conversations.remove(tx, userOf(ctx), id));
    await this.history.drop(ctx.tenantId, id);
  }

  /** The model's own name: what is kept of it. */
  private async pickModel(ctx: RequestContext, name: string | undefined): Promise<string> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    return this.models.pick(name, { ctx, settings }).model.name;
  }

  /** Gives rows the model's name that this client may see. */
  private async naming(ctx: RequestContext): Promise<<Row extends { readonly model: string | null }>(row: Row) => Row> {
    const shown = await this.tenants.modelNames(ctx);
    return (row) => (row.model === null ? row : { ...row, model: shown(row.model) });
  }
}

function found<T>(row: T | undefined): T {
  if (row === undefined) throw new DomainError('not_found', { param: 'id' });
  return row;
}
