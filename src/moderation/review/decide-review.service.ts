import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { Outbox } from '../../platform/outbox/index.js';
import { StandingService } from '../../identity/index.js';
import { AppealGrounds } from '../appeals/appeal-grounds.service.js';
import { Conduct } from '../sanctions/conduct.service.js';
import { SanctionDesk } from '../sanctions/sanction-desk.service.js';
import { SanctionService } from '../sanctions/sanction.service.js';
import type { StandingEffect } from '../sanctions/sanction.js';
import { MediaRepository } from '../media/media.repository.js';
import { isDecided, type Review } from './review.js';
import { AnswerRejected, QuestionRejected } from './review.events.js';
import { ReviewService } from './review.service.js';

/** Decisions of the queue, and what they lead to: both in one transaction. */
@Injectable()
export class DecideReviewService {
  constructor(
    private readonly database: Database,
    private readonly reviews: ReviewService,
    private readonly sanctions: SanctionService,
    private readonly desk: SanctionDesk,
    private readonly conduct: Conduct,
    private readonly grounds: AppealGrounds,
    private readonly standing: StandingService,
    private readonly media: MediaRepository,
    private readonly outbox: Outbox,
  ) {}

  /**
   * The text is fine, the appeal is right, the user is banned. A ban that only one is for waits for the second.
   * @throws not_found, conflict (not held by the acting member of staff), forbidden, unavailable where it holds but could not be told at once
   */
  async approve(ctx: RequestContext, id: string, note: string | undefined): Promise<Review> {
    return this.decide(ctx, id, 'approve', note);
  }

  /** The opposite. A user's text that was rejected counts as an offence; it, or the answer that was rejected, leaves the conversation. @throws as `approve` */
  async reject(ctx: RequestContext, id: string, note: string | undefined): Promise<Review> {
    return this.decide(ctx, id, 'reject', note);
  }

  private async decide(ctx: RequestContext, id: string, move: 'approve' | 'reject', note: string | undefined): Promise<Review> {
    // Everybody locks the user first, so that nobody waits in a ring.
    const { userId } = await this.reviews.read(ctx, id);
    const { review, effects } = await this.database.inTenant(ctx, async (tx) => {
      const deleted = userId !== undefined && (await this.standing.lock(tx, userId)) === 'deleted';
      const moved = await this.reviews.move(tx, id, move, note);
      // Also of a user who has left: others may be given the same answer from a store.
      await this.publish(tx, moved);
      return { review: moved, effects: isDecided(moved.state) && !deleted ? await this.follow(tx, moved) : [] };
    });
    await this.outbox.nudge();
    await this.sanctions.tell(ctx, effects);
    return review;
  }

  /** What becomes of the words is for those to do who have them. */
  private async publish(tx: TenantTx, { kind, state, runId }: Review): Promise<void> {
    if (state !== 'rejected' || runId === undefined) return;
    if (kind === 'output') await this.outbox.publish(tx, new AnswerRejected(runId));
    if (kind === 'input') await this.outbox.publish(tx, new QuestionRejected(runId));
  }

  private async follow(tx: TenantTx, review: Review): Promise<readonly StandingEffect[]> {
    const { kind, subjectId, userId, runId, note } = review;
    const approved = review.state === 'approved';
    if (kind === 'appeal' && subjectId !== undefined) return this.grounds.settle(tx, subjectId, approved, note);
    if (kind === 'media' && subjectId !== undefined) {
      await this.media.decide(tx, subjectId, approved ? 'passed' : 'rejected');
      return [];
    }
    if (kind === 'ban' && subjectId !== undefined) {
      return approved ? this.desk.confirm(tx, subjectId) : this.desk.refuse(tx, subjectId);
    }
    if (userId === undefined || runId === undefined) return [];
    if (approved) return this.conduct.forgive(tx, userId, runId, note);
    // What a model answered, or what was only shown to a person, is not held against the user.
    return kind === 'input' ? ((await this.conduct.count(tx, { userId, runId, stage: 'input', label: review.label }))?.effects ?? []) : [];
  }
}
