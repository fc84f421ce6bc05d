import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { now } from '../../platform/values/index.js';
import { StaffActionService, StandingService } from '../../identity/index.js';
import { DeskRulesRepository } from '../desk/desk-rules.repository.js';
import { SanctionDesk } from './sanction-desk.service.js';
import type { Sanction, StandingEffect } from './sanction.js';
import { SanctionRepository } from './sanction.repository.js';

/** How long one person's word keeps a user silent who is to be banned, unless the second person decides before. */
export const STOP_SECONDS = 24 * 3_600;

/** A ban that waits for the second person, and until when the user is silent meanwhile: undefined where that is over, or was lifted. */
export interface PendingBan {
  readonly sanctionId: string;
  readonly mutedUntil: Date | undefined;
}

interface Step {
  readonly pending: PendingBan | undefined;
  readonly effects: readonly StandingEffect[];
}

/**
 * Bans by hand, in a hurry. One person stops a user at once, for a bounded time; a ban takes two, unless the tenant's
 * desk rules let one do it.
 */
@Injectable()
export class BanService {
  constructor(
    private readonly database: Database,
    private readonly repository: SanctionRepository,
    private readonly rules: DeskRulesRepository,
    private readonly desk: SanctionDesk,
    private readonly standing: StandingService,
    private readonly actions: StaffActionService,
  ) {}

  /**
   * Bans where one person may. Otherwise mutes at once and proposes the ban; asking again changes nothing.
   * @returns what waits for a second person; undefined: the user is banned. @throws not_found (param `user_id`), unavailable where it holds but could not be told at once
   */
  async ban(ctx: RequestContext, userId: string, reason: string | undefined): Promise<PendingBan | undefined> {
    return this.step(ctx, userId, async (tx, banned) => {
      if (banned) return { pending: undefined, effects: [{ userId, became: 'banned' }] };
      return (await this.rules.read(tx)).banByOne ? this.banAtOnce(tx, userId, reason) : this.propose(tx, userId, reason);
    });
  }

  /** Lets a banned user in again, whoever banned it and how. Of a ban that is only proposed the mute beside it ends; the queue decides about the rest. @returns and @throws as `ban` */
  async unban(ctx: RequestContext, userId: string): Promise<PendingBan | undefined> {
    return this.step(ctx, userId, async (tx, banned) => {
      const ban = await this.repository.openBan(tx, userId);
      const effects = ban === undefined ? [] : await this.desk.endBeside(tx, ban.id, 'told');
      if (ban?.state === 'active') await this.desk.lift(tx, ban, undefined);
      if (banned) {
        await this.standing.write(tx, userId, { standing: 'active' });
        await this.actions.record(tx, { action: 'user.unban', subjectId: userId, userId });
      }
      return { pending: ban?.state === 'proposed' ? { sanctionId: ban.id, mutedUntil: undefined } : undefined, effects: [...effects, { userId, became: 'other' }] };
    });
  }

  private async banAtOnce(tx: TenantTx, userId: string, reason: string | undefined): Promise<Step> {
    await this.standing.write(tx, userId, { standing: 'banned', reason });
    await this.actions.record(tx, { action: 'user.ban', subjectId: userId, userId, note: reason });
    return { pending: undefined, effects: [{ userId, became: 'banned' }] };
  }

  private async propose(tx: TenantTx, userId: string, reason = '人工封禁'): Promise<Step> {
    const known = await this.repository.openBan(tx, userId);
    const ban = known ?? (await this.desk.impose(tx, { userId, kind: 'ban', reason, confirmed: false, byRule: false })).sanction;
    const beside = await this.repository.beside(tx, ban.id);
    // One mute for a proposal, so that nobody stays silent for ever by one person's word.
    if (beside !== undefined) return { pending: pendingOf(ban, beside), effects: [] };
    const { sanction, effects } = await this.desk.impose(tx, { userId, kind: 'mute', reason, muteSeconds: STOP_SECONDS, besideId: ban.id, confirmed: true, byRule: false });
    return { pending: pendingOf(ban, sanction), effects };
  }

  private async step(ctx: RequestContext, userId: string, work: (tx: TenantTx, banned: boolean) => Promise<Step>): Promise<PendingBan | undefined> {
    const { pending, effects } = await this.database.inTenant(ctx, async (tx) => {
      const standing = await this.standing.lock(tx, userId);
      if (standing === 'deleted') throw new DomainError('not_found', { param: 'user_id' });
      return work(tx, standing === 'banned');
    });
    for (const effect of effects) await this.standing.tell(ctx, effect.userId, effect.became);
    return pending;
  }
}

function pendingOf(ban: Sanction, mute: Sanction): PendingBan {
  const holds = mute.state === 'active' && (mute.until?.getTime() ?? 0) > now();
  return { sanctionId: ban.id, mutedUntil: holds ? mute.until : undefined };
}
