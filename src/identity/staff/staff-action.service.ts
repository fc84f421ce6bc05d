import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import type { StaffAction, StaffActionDraft } from './staff-action.js';
import { StaffActionRepository } from './staff-action.repository.js';

/** The record of what staff, or a rule in their place, did in a tenant. */
@Injectable()
export class StaffActionService {
  constructor(private readonly database: Database, private readonly repository: StaffActionRepository) {}

  /** Joins the transaction of what is recorded: both hold, or neither. The acting member of staff is the context's; anybody else's context means a rule. */
  async record(tx: TenantTx, draft: StaffActionDraft): Promise<void> {
    const { actor } = tx.ctx;
    await this.repository.add(tx, newId(), actor.kind === 'staff' && draft.byRule !== true ? actor.staffId : undefined, draft);
  }

  /** Newest first. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, filter: { readonly subjectId?: string | undefined; readonly userId?: string | undefined }, page: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<StaffAction>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, filter, before, page.limit + 1));
    return pageOf(rows, page.limit, ({ id }) => [id]);
  }
}
