import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ID, decodeCursor, pageOf, type Page } from '../../platform/values/index.js';
import { StandingService } from '../../identity/index.js';
import type { Action, Stage } from '../verdict.js';
import { DeskRulesRepository } from '../desk/desk-rules.repository.js';
import { Conduct } from './conduct.service.js';
import type { SanctionKind } from './ladder.js';
import { SanctionDesk } from './sanction-desk.service.js';
import type { Sanction, StandingEffect } from './sanction.js';
import { SanctionRepository, type SanctionFilter } from './sanction.repository.js';

/** A judgement that was acted upon. */
export interface Offending {
  readonly userId: string;
  readonly runId: string;
  readonly stage: Stage;
  readonly label: string;
  /** Only `block` counts. */
  readonly action: Action;
}

/** What users are subjected to for what they wrote: by the tenant's ladder, and by hand. */
@Injectable()
export class SanctionService {
  constructor(
    private readonly database: Database,
    private readonly repository: SanctionRepository,
    private readonly conduct: Conduct,
    private readonly desk: SanctionDesk,
    private readonly standing: StandingService,
    private readonly rules: DeskRulesRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Notes that a text was refused, and takes the step of the ladder that it leads to. The same run and stage twice counts once.
   * @returns the sanction that it brought about. @throws what PostgreSQL throws; a sanction that could not be told to the other nodes holds there within a minute.
   */
  async note(ctx: RequestContext, offending: Offending): Promise<Sanction | undefined> {
    if (offending.action !== 'block') return undefined;
    const imposed = await this.database.inTenant(ctx, async (tx) => {
      if ((await this.standing.lock(tx, offending.userId)) === 'deleted') return undefined;
      return this.conduct.count(tx, offending);
    });
    await this.tell(ctx, imposed?.effects ?? []).catch((error: unknown) => this.logger.warn({ tenant: ctx.tenantId, user: offending.userId, ...errorFields(error) }, 'a sanction could not be told to all nodes'));
    return imposed?.sanction;
  }

  /** By hand. A ban waits for a second member of staff, unless the tenant's desk rules let one ban. @throws not_found (param `user_id`), conflict, unavailable where it holds but could not be told at once */
  async impose(ctx: RequestContext, wish: { readonly userId: string; readonly kind: SanctionKind; readonly seconds?: number | undefined; readonly reason: string }): Promise<Sanction> {
    const imposed = await this.locked(ctx, wish.userId, async (tx) =>
      this.desk.impose(tx, { userId: wish.userId, kind: wish.kind, reason: wish.reason, muteSeconds: wish.seconds, confirmed: (await this.rules.read(tx)).banByOne, byRule: false }),
    );
    await this.tell(ctx, imposed.effects);
    return imposed.sanction;
  }

  /** @throws not_found (param `sanction_id`), conflict (a ban that is only proposed), unavailable as `impose` */
  async lift(ctx: RequestContext, id: string, note: string | undefined): Promise<Sanction> {
    const { userId } = await this.read(ctx, id);
    const effects = await this.locked(ctx, userId, async (tx) => this.desk.lift(tx, await this.found(tx, id), note));
    await this.tell(ctx, effects);
    return this.read(ctx, id);
  }

  /** @throws not_found (param `sanction_id`) */
  async read(ctx: RequestContext, id: string): Promise<Sanction> {
    return this.database.inTenant(ctx, (tx) => this.found(tx, id));
  }

  /** Newest first. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, filter: SanctionFilter, page: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<Sanction>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, filter, before, page.limit + 1));
    return pageOf(rows, page.limit, ({ id }) => [id]);
  }

  /** After a commit: all nodes hear of it. @throws unavailable */
  async tell(ctx: RequestContext, effects: readonly StandingEffect[]): Promise<void> {
    for (const { userId, became } of effects) await this.standing.tell(ctx, userId, became);
  }

  private async locked<T>(ctx: RequestContext, userId: string, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    return this.database.inTenant(ctx, async (tx) => {
      if ((await this.standing.lock(tx, userId)) === 'deleted') throw new DomainError('not_found', { param: 'user_id' });
      return work(tx);
    });
  }

  private async found(tx: TenantTx, id: string): Promise<Sanction> {
    const sanction = await this.repository.find(tx, id);
    if (sanction === undefined) throw new DomainError('not_found', { param: 'sanction_id' });
    return sanction;
  }
}
