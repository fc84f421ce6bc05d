import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId, now, nowDate } from '../../platform/values/index.js';
import { StaffActionService, StandingService } from '../../identity/index.js';
import { NoticeRepository } from '../notices/notice.repository.js';
import { ReviewService } from '../review/review.service.js';
import { noticeOf, type Sanction, type SanctionDraft, type StandingEffect } from './sanction.js';
import { SanctionRepository } from './sanction.repository.js';

/** A sanction, and what is to be told to all nodes after the commit. */
export interface Imposed {
  readonly sanction: Sanction;
  readonly effects: readonly StandingEffect[];
}

/** Steps of sanctions within a caller's transaction, which holds the user's lock (`StandingService.lock`). Each leaves its row, the user's standing, the notice and the record at one with each other. */
@Injectable()
export class SanctionDesk {
  constructor(
    private readonly repository: SanctionRepository,
    private readonly standing: StandingService,
    private readonly reviews: ReviewService,
    private readonly notices: NoticeRepository,
    private readonly actions: StaffActionService,
  ) {}

  /** A ban that is not confirmed goes to the queue; imposed by staff, it waits there for a second member only. @throws conflict where a ban is proposed or in force */
  async impose(tx: TenantTx, draft: SanctionDraft): Promise<Imposed> {
    if (draft.kind === 'ban' && (await this.repository.openBan(tx, draft.userId)) !== undefined) throw new DomainError('conflict', { param: 'user_id', message: '该用户已被封禁或正在复核 (a ban of this user is proposed or in force)' });
    const staffId = draft.byRule ? undefined : staffOf(tx);
    const proposed = draft.kind === 'ban' && !draft.confirmed;
    const sanction: Sanction = {
      id: newId(), userId: draft.userId, kind: draft.kind, state: proposed ? 'proposed' : 'active', reason: draft.reason.slice(0, 200), runId: draft.runId, imposedBy: staffId,
      createdAt: nowDate(), until: draft.kind === 'mute' ? new Date(now() + (draft.muteSeconds ?? 0) * 1_000) : undefined, besideId: draft.besideId, endedBy: undefined, endedAt: undefined,
    };
    await this.repository.insert(tx, sanction);
    await this.actions.record(tx, { action: proposed ? 'sanction.propose' : 'sanction.impose', subjectId: sanction.id, userId: sanction.userId, note: sanction.reason, byRule: draft.byRule });
    if (proposed) await this.reviews.askIn(tx, { key: `ban:${sanction.id}`, kind: 'ban', userId: sanction.userId, runId: sanction.runId, subjectId: sanction.id, label: 'ban', reason: sanction.reason }, staffId);
    return { sanction, effects: proposed ? [] : await this.putInForce(tx, sanction) };
  }

  /** Two people were for it. */
  async confirm(tx: TenantTx, id: string): Promise<readonly StandingEffect[]> {
    const sanction = await this.found(tx, id);
    if (!(await this.repository.move(tx, id, 'proposed', 'active', nowDate(), undefined))) return [];
    await this.actions.record(tx, { action: 'sanction.impose', subjectId: id, userId: sanction.userId });
    return [...(await this.endBeside(tx, id, 'silently')), ...(await this.putInForce(tx, sanction))];
  }

  /** The proposed ban is not right; what led to it counts no more for another one. */
  async refuse(tx: TenantTx, id: string): Promise<readonly StandingEffect[]> {
    await this.repository.move(tx, id, 'proposed', 'refused', nowDate(), staffOf(tx));
    return this.endBeside(tx, id, 'told');
  }

  /** Ends the mute that held while people decided about a ban, where it still holds. @param user is told, or hears of the ban instead. */
  async endBeside(tx: TenantTx, banId: string, user: 'told' | 'silently'): Promise<readonly StandingEffect[]> {
    const mute = await this.repository.beside(tx, banId);
    if (mute?.state !== 'active') return [];
    if (user === 'told') return this.lift(tx, mute, undefined);
    await this.repository.move(tx, mute.id, 'active', 'lifted', nowDate(), staffOf(tx));
    await this.writeMute(tx, mute.userId);
    return [];
  }

  /** Takes back a sanction that is in force; a proposed ban is the queue's to refuse. Doing it twice is the same as once. @throws not_found, conflict */
  async lift(tx: TenantTx, sanction: Sanction, note: string | undefined): Promise<readonly StandingEffect[]> {
    if (sanction.state === 'proposed') throw new DomainError('conflict', { param: 'sanction_id', message: '封禁尚在复核中，请在审核队列中处理 (this ban is only proposed: reject it in the review queue)' });
    if (!(await this.repository.move(tx, sanction.id, 'active', 'lifted', nowDate(), staffOf(tx)))) return [];
    await this.actions.record(tx, { action: 'sanction.lift', subjectId: sanction.id, userId: sanction.userId, note });
    await this.notices.add(tx, sanction.userId, { kind: 'sanction_lifted', subjectId: sanction.id, text: '对你的处罚已解除。' });
    if (sanction.kind === 'warn') return [];
    if (sanction.kind === 'mute') await this.writeMute(tx, sanction.userId);
    else await this.standing.write(tx, sanction.userId, { standing: 'active' });
    return [{ userId: sanction.userId, became: 'other' }];
  }

  private async putInForce(tx: TenantTx, sanction: Sanction): Promise<readonly StandingEffect[]> {
    const notice = noticeOf(sanction);
    if (notice !== undefined) await this.notices.add(tx, sanction.userId, { ...notice, subjectId: sanction.id });
    if (sanction.kind === 'warn') return [];
    if (sanction.kind === 'mute') await this.writeMute(tx, sanction.userId);
    else await this.standing.write(tx, sanction.userId, { standing: 'banned', reason: sanction.reason });
    return [{ userId: sanction.userId, became: sanction.kind === 'ban' ? 'banned' : 'other' }];
  }

  private async writeMute(tx: TenantTx, userId: string): Promise<void> {
    await this.standing.write(tx, userId, { mutedUntil: await this.repository.lastMute(tx, userId, nowDate()) });
  }

  private async found(tx: TenantTx, id: string): Promise<Sanction> {
    const sanction = await this.repository.find(tx, id);
    if (sanction === undefined) throw new DomainError('not_found', { param: 'sanction_id' });
    return sanction;
  }
}

function staffOf(tx: TenantTx): string | undefined {
  return tx.ctx.actor.kind === 'staff' ? tx.ctx.actor.staffId : undefined;
}
