import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Sealer } from '../../platform/crypto/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import type { VerdictFilter, VerdictRow } from './verdict-row.js';
import { verdictTextPlace } from './verdict-text.js';
import { VerdictRepository, type KeptText } from './verdict.repository.js';

/** A judgement with what was judged. */
export interface VerdictWithText extends VerdictRow {
  /** Undefined: none is kept, or the master key that sealed it is gone. */
  readonly text: string | undefined;
}

/** The log, for staff. */
@Injectable()
export class VerdictSearch {
  constructor(private readonly database: Database, private readonly repository: VerdictRepository, private readonly sealer: Sealer, @Inject(LOGGER) private readonly logger: Logger) {}

  /** Newest first, without texts. @throws invalid_request (param `cursor`) */
  async search(ctx: RequestContext, filter: VerdictFilter, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<VerdictRow>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.database.inTenant(ctx, (tx) => this.repository.search(tx, filter, before, query.limit + 1));
    return pageOf(rows, query.limit, ({ id }) => [id]);
  }

  /**
   * One judgement with its text. That the text was read, by whom and when, is written down before it is shown.
   * @throws not_found (param `verdict_id`); forbidden for whoever is no staff
   */
  async read(ctx: RequestContext, id: string): Promise<VerdictWithText> {
    const { actor } = ctx;
    if (actor.kind !== 'staff') throw new DomainError('forbidden');
    const { row, kept } = await this.database.inTenant(ctx, async (tx) => {
      const found = await this.repository.find(tx, id);
      if (found === undefined) throw new DomainError('not_found', { param: 'verdict_id' });
      if (found.row.hasText) await this.repository.noteRead(tx, newId(), actor.staffId, id);
      return found;
    });
    return { ...row, text: this.open(ctx, id, kept) };
  }

  private open(ctx: RequestContext, id: string, { text, sealed }: KeptText): string | undefined {
    if (sealed === null) return text ?? undefined;
    try {
      return this.sealer.open(sealed, verdictTextPlace(ctx.tenantId, id));
    } catch (error) {
      this.logger.error({ tenant: ctx.tenantId, verdict: id, ...errorFields(error) }, 'a sealed text could not be opened');
      return undefined;
    }
  }
}
