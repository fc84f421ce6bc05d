import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import { RateLimits, actingUserId, type Limit } from '../../identity/index.js';
import { ReviewService } from '../review/review.service.js';
import { AppealGrounds } from './appeal-grounds.service.js';
import type { Appeal, AppealWish } from './appeal.js';
import { AppealRepository, type AppealFilter } from './appeal.repository.js';

/** Of one user. */
const APPEAL_LIMIT: Limit = { name: 'appeals', points: 10, seconds: 86_400 };

interface PageWish {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** A user's way to have a refusal looked at by people. Open to banned users, too. */
@Injectable()
export class AppealService {
  constructor(
    private readonly database: Database,
    private readonly repository: AppealRepository,
    private readonly reviews: ReviewService,
    private readonly grounds: AppealGrounds,
    private readonly limits: RateLimits,
  ) {}

  /**
   * Appeals, and puts it into the queue. One open appeal for each subject.
   * @throws not_found (param of the subject), conflict, rate_limited, forbidden
   */
  async file(ctx: RequestContext, wish: AppealWish): Promise<Appeal> {
    const userId = actingUserId(ctx);
    await this.limits.takeNamed(APPEAL_LIMIT, ctx.tenantId, userId);
    return this.database.inTenant(ctx, async (tx) => {
      const subject = await this.grounds.find(tx, userId, wish);
      const id = newId();
      if (!(await this.repository.insert(tx, { id, userId, kind: wish.kind, subjectId: subject.id, text: wish.text }))) throw new DomainError('conflict', { message: '该事项的申诉正在处理中 (an appeal of this is open already)' });
      await this.reviews.askIn(tx, { key: `appeal:${id}`, kind: 'appeal', userId, runId: subject.runId, subjectId: id, label: wish.kind, reason: subject.reason, excerpt: wish.text });
      return this.found(tx, id);
    });
  }

  /** The acting user's, newest first. @throws invalid_request (param `cursor`), forbidden */
  async listOwn(ctx: RequestContext, page: PageWish): Promise<Page<Appeal>> {
    return this.list(ctx, { userId: actingUserId(ctx) }, page);
  }

  /** For staff, newest first. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, filter: AppealFilter, page: PageWish): Promise<Page<Appeal>> {
    const before = decodeCursor(page.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, filter, before, page.limit + 1));
    return pageOf(rows, page.limit, ({ id }) => [id]);
  }

  /** For staff. @throws not_found (param `appeal_id`) */
  async read(ctx: RequestContext, id: string): Promise<Appeal> {
    return this.database.inTenant(ctx, (tx) => this.found(tx, id));
  }

  private async found(tx: TenantTx, id: string): Promise<Appeal> {
    const appeal = await this.repository.find(tx, id);
    if (appeal === undefined) throw new DomainError('not_found', { param: 'appeal_id' });
    return appeal;
  }
}
