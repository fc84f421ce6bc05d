import { Injectable } from '@nestjs/common';
import type { PlatformContext, RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import { StaffActionService } from '../../identity/index.js';
import { DeskRulesRepository } from '../desk/desk-rules.repository.js';
import { isDecided, isRefusal, moved, type MoveRefusal, type Review, type ReviewMove, type ReviewRequest } from './review.js';
import { ReviewRepository, type ReviewFilter } from './review.repository.js';

interface PageWish {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const REFUSALS: Readonly<Record<MoveRefusal, string>> = {
  illegal: '该条目已处理 (it is decided already)',
  not_yours: '请先领取该条目；领取可能已过期或属于他人 (claim it first: a claim may be over, or somebody else\'s)',
  same_person: '需要另一位工作人员复核 (another member of staff has to decide)',
};

/** The queue of what people decide. What a decision leads to is `DecideReviewService`'s. */
@Injectable()
export class ReviewService {
  constructor(private readonly database: Database, private readonly repository: ReviewRepository, private readonly rules: DeskRulesRepository, private readonly actions: StaffActionService) {}

  /** Asks people to look at something. The same key twice is one item. @returns its id */
  async ask(ctx: RequestContext, request: ReviewRequest): Promise<string> {
    return this.database.inTenant(ctx, (tx) => this.askIn(tx, request));
  }

  /** The same within the caller's transaction. `firstBy`: who is for it already, so that only a second one is needed. */
  async askIn(tx: TenantTx, request: ReviewRequest, firstBy?: string): Promise<string> {
    const id = newId();
    const { reviewDueMinutes } = await this.rules.read(tx);
    if (await this.repository.insert(tx, id, request, reviewDueMinutes, firstBy)) return id;
    const known = await this.repository.idOfKey(tx, request.key);
    if (known === undefined) throw new Error('a review that was there is not there');
    return known;
  }

  /** A tenant's, what is overdue first. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, filter: ReviewFilter, page: PageWish): Promise<Page<Review>> {
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, ctx.tenantId, filter, afterOf(page.cursor), page.limit + 1));
    return pageOf(rows, page.limit, keyOf);
  }

  /** Those of all tenants, what is overdue first. @throws invalid_request (param `cursor`) */
  async listEverywhere(ctx: PlatformContext, filter: ReviewFilter, page: PageWish): Promise<Page<Review>> {
    const rows = await this.database.readPlatform(ctx, (tx) => this.repository.list(tx, undefined, filter, afterOf(page.cursor), page.limit + 1));
    return pageOf(rows, page.limit, keyOf);
  }

  /** @throws not_found (param `review_id`) */
  async read(ctx: RequestContext, id: string): Promise<Review> {
    return this.database.inTenant(ctx, (tx) => this.found(tx, id));
  }

  /** Takes an item, for the tenant's claim time; one's own claim is renewed. Of two at once one wins. @throws not_found, conflict, forbidden */
  async claim(ctx: RequestContext, id: string): Promise<Review> {
    return this.database.inTenant(ctx, (tx) => this.move(tx, id, 'claim', undefined));
  }

  /** Gives it back. @throws not_found, conflict, forbidden */
  async release(ctx: RequestContext, id: string): Promise<Review> {
    return this.database.inTenant(ctx, (tx) => this.move(tx, id, 'release', undefined));
  }

  /** Makes a move of the acting member of staff, and records it. @throws not_found, conflict, forbidden */
  async move(tx: TenantTx, id: string, move: ReviewMove, note: string | undefined): Promise<Review> {
    const { actor } = tx.ctx;
    if (actor.kind !== 'staff') throw new DomainError('forbidden');
    const review = await this.repository.lock(tx, id);
    if (review === undefined) throw missing();
    const to = moved(review, move, actor.staffId);
    if (isRefusal(to)) throw new DomainError('conflict', { param: 'review_id', message: REFUSALS[to] });
    const claimed = move === 'claim';
    await this.repository.change(tx, id, {
      state: to, note,
      claimedBy: claimed ? actor.staffId : undefined,
      claimMinutes: claimed ? (await this.rules.read(tx)).claimMinutes : undefined,
      firstBy: move === 'approve' && to === 'needs_second' ? actor.staffId : undefined,
      decidedBy: isDecided(to) ? actor.staffId : undefined,
    });
    await this.actions.record(tx, { action: `review.${move}`, subjectId: id, userId: review.userId, note });
    return this.found(tx, id);
  }

  private async found(tx: TenantTx, id: string): Promise<Review> {
    const review = await this.repository.find(tx, id);
    if (review === undefined) throw missing();
    return review;
  }
}

function keyOf(review: Review): readonly string[] {
  return [review.dueAt.toISOString(), review.id];
}

function afterOf(cursor: string | undefined): readonly [string, string] | undefined {
  const [time, id] = decodeCursor(cursor, [TIME, ID]) ?? [];
  return time === undefined || id === undefined || Number.isNaN(Date.parse(time)) ? undefined : [time, id];
}

function missing(): DomainError {
  return new DomainError('not_found', { param: 'review_id' });
}

export type { ReviewFilter };
