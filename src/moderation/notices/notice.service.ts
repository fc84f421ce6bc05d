import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, pageOf, type Page } from '../../platform/values/index.js';
import { actingUserId } from '../../identity/index.js';
import type { Notice } from './notice.js';
import { NoticeRepository } from './notice.repository.js';

/** What the acting user was told. */
@Injectable()
export class NoticeService {
  constructor(private readonly database: Database, private readonly repository: NoticeRepository) {}

  /** Newest first. @throws invalid_request (param `cursor`), forbidden */
  async list(ctx: RequestContext, page: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<Notice>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, actingUserId(ctx), before, page.limit + 1));
    return pageOf(rows, page.limit, ({ id }) => [id]);
  }

  /** @throws not_found (param `id`), forbidden */
  async markRead(ctx: RequestContext, id: string): Promise<void> {
    if (!(await this.database.inTenant(ctx, (tx) => this.repository.markRead(tx, actingUserId(ctx), id)))) throw new DomainError('not_found', { param: 'id' });
  }
}
