import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { now } from '../../platform/values/index.js';
import { StandingService } from '../../identity/index.js';
import { NoticeRepository } from '../notices/notice.repository.js';
import { Conduct } from '../sanctions/conduct.service.js';
import { OffenceRepository } from '../sanctions/offence.repository.js';
import { SanctionDesk } from '../sanctions/sanction-desk.service.js';
import type { Sanction, StandingEffect } from '../sanctions/sanction.js';
import { SanctionRepository } from '../sanctions/sanction.repository.js';
import type { Appeal, AppealWish } from './appeal.js';
import { AppealRepository } from './appeal.repository.js';

/** What is appealed, as it stands. */
interface Subject {
  readonly id: string;
  readonly runId: string | undefined;
  /** For staff. */
  readonly reason: string;
}

/** What can be appealed, and what follows when it is found right. Steps within a caller's transaction. */
@Injectable()
export class AppealGrounds {
  constructor(
    private readonly appeals: AppealRepository,
    private readonly offences: OffenceRepository,
    private readonly sanctions: SanctionRepository,
    private readonly desk: SanctionDesk,
    private readonly conduct: Conduct,
    private readonly standing: StandingService,
    private readonly notices: NoticeRepository,
  ) {}

  /** @throws not_found for what is not the user's own, invalid_request for a subject that is not named, conflict for what does not hold any more */
  async find(tx: TenantTx, userId: string, wish: AppealWish): Promise<Subject> {
    switch (wish.kind) {
      case 'message':
        return this.message(tx, userId, wish.runId);
      case 'sanction':
        return this.sanction(tx, userId, wish.sanctionId);
      case 'ban':
        if ((await this.standing.lock(tx, userId)) !== 'banned') throw new DomainError('conflict', { param: 'kind', message: '账号未被封禁 (this account is not banned)' });
        return { id: userId, runId: undefined, reason: (await this.sanctions.openBan(tx, userId))?.reason ?? '人工封禁' };
    }
  }

  /** Decides an open appeal with its review; one that is decided stays so. The transaction holds the user's lock. */
  async settle(tx: TenantTx, id: string, accepted: boolean, answer: string | undefined): Promise<readonly StandingEffect[]> {
    const appeal = await this.appeals.find(tx, id);
    if (appeal === undefined || !(await this.appeals.decide(tx, id, accepted ? 'accepted' : 'rejected', answer))) return [];
    const said = answer === undefined ? '' : `：${answer}`;
    await this.notices.add(tx, appeal.userId, { kind: accepted ? 'appeal_accepted' : 'appeal_rejected', subjectId: id, text: `${accepted ? '你的申诉已通过' : '你的申诉未通过'}${said}` });
    return accepted ? this.redress(tx, appeal, answer) : [];
  }

  private async redress(tx: TenantTx, appeal: Appeal, note: string | undefined): Promise<readonly StandingEffect[]> {
    if (appeal.kind === 'message') return this.conduct.forgive(tx, appeal.userId, appeal.subjectId, note);
    const sanction = appeal.kind === 'sanction' ? await this.sanctions.find(tx, appeal.subjectId) : await this.sanctions.openBan(tx, appeal.userId);
    if (sanction?.state === 'active') return this.desk.lift(tx, sanction, note);
    if (appeal.kind === 'sanction') return [];
    // Banned by hand, without a sanction's row.
    await this.standing.write(tx, appeal.userId, { standing: 'active' });
    return [{ userId: appeal.userId, became: 'other' }];
  }

  private async message(tx: TenantTx, userId: string, runId: string | undefined): Promise<Subject> {
    if (runId === undefined) throw new DomainError('invalid_request', { param: 'run_id', message: 'run_id must name the run whose message was refused' });
    if (!(await this.offences.counts(tx, userId, runId))) throw new DomainError('not_found', { param: 'run_id' });
    return { id: runId, runId, reason: '消息被拦截' };
  }

  private async sanction(tx: TenantTx, userId: string, id: string | undefined): Promise<Subject> {
    if (id === undefined) throw new DomainError('invalid_request', { param: 'sanction_id', message: 'sanction_id must name the sanction' });
    const sanction = await this.sanctions.find(tx, id);
    if (sanction === undefined || sanction.userId !== userId) throw new DomainError('not_found', { param: 'sanction_id' });
    if (!inForce(sanction)) throw new DomainError('conflict', { param: 'sanction_id', message: '该处罚已结束 (this sanction is over)' });
    return { id, runId: sanction.runId, reason: sanction.reason };
  }
}

function inForce(sanction: Sanction): boolean {
  return sanction.state === 'active' && (sanction.until === undefined || sanction.until.getTime() > now());
}
