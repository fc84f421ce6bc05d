import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import type { VerdictFilter, VerdictRow } from './verdict-row.js';
import { VerdictTexts } from './verdict-texts.service.js';
import { VerdictRepository, type FoundVerdict } from './verdict.repository.js';

/** A judgement with what was judged. */
export interface VerdictWithText extends VerdictRow {
  /** Undefined: none is kept, or the master key that sealed it is gone. */
  readonly text: string | undefined;
}

/** The log, for staff. */
@Injectable()
export class VerdictSearch {
  constructor(private readonly database: Database, private readonly repository: VerdictRepository, private readonly texts: VerdictTexts) {}

  /** Newest first, without texts. @throws invalid_request (param `cursor`) */
  async search(ctx: RequestContext, filter: VerdictFilter, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<VerdictRow>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.search(tx, filter, before, query.limit + 1));
    return pageOf(rows.map((found) => this.shown(ctx, found)), query.limit, ({ id }) => [id]);
  }

  /**
   * One judgement with its text. That the text was read, by whom and when, is written down before it is shown.
   * @throws not_found (param `verdict_id`); forbidden for whoever is no staff
   */
  async read(ctx: RequestContext, id: string): Promise<VerdictWithText> {
    const { actor } = ctx;
    if (actor.kind !== 'staff') throw new DomainError('forbidden');
    const found = await this.database.inTenant(ctx, async (tx) => {
      const verdict = await this.repository.find(tx, id);
      if (verdict === undefined) throw new DomainError('not_found', { param: 'verdict_id' });
      if (verdict.row.hasText) await this.repository.noteRead(tx, newId(), actor.staffId, id);
      return verdict;
    });
    return { ...this.shown(ctx, found), text: this.texts.open(ctx.tenantId, id, 'text', found.text) };
  }

  private shown(ctx: RequestContext, { row, hit }: FoundVerdict): VerdictRow {
    return { ...row, hit: this.texts.open(ctx.tenantId, row.id, 'hit', hit) };
  }
}
