import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/crypto/index.js';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { openedText, textPlace } from '../desk/sealed-text.js';
import { cutExcerpt, type Review, type ReviewKind, type ReviewRequest, type ReviewState } from './review.js';

interface Row {
  readonly tenant_id: string;
  readonly id: string;
  readonly kind: ReviewKind;
  /** As it is stored. */
  readonly state: ReviewState;
  /** As it holds now. */
  readonly held: ReviewState;
  readonly user_id: string | null;
  readonly conversation_id: string | null;
  readonly run_id: string | null;
  readonly message_id: string | null;
  readonly subject_id: string | null;
  readonly label: string;
  readonly reason: string;
  readonly excerpt: string | null;
  readonly claimed_by: string | null;
  readonly claim_expires_at: Date | null;
  readonly first_by: string | null;
  readonly decided_by: string | null;
  readonly decided_at: Date | null;
  readonly note: string | null;
  readonly due_at: Date;
  readonly created_at: Date;
}

/** `open`: all that is not decided. */
export interface ReviewFilter {
  readonly state: ReviewState | 'open';
  readonly kind?: ReviewKind | undefined;
  readonly userId?: string | undefined;
  readonly overdue?: boolean | undefined;
}

/** Items of a kind that are not decided, on all tenants. */
export interface OpenReviews {
  readonly kind: ReviewKind;
  readonly open: number;
  readonly overdue: number;
}

/** What a move writes. */
export interface ReviewChange {
  readonly state: ReviewState;
  readonly claimedBy?: string | undefined;
  readonly claimMinutes?: number | undefined;
  readonly firstBy?: string | undefined;
  readonly decidedBy?: string | undefined;
  readonly note?: string | undefined;
}

const HELD = `CASE WHEN claim_expires_at > clock_timestamp() THEN state WHEN state = 'claimed' THEN 'waiting' WHEN state = 'second_claimed' THEN 'needs_second' ELSE state END`;
const COLUMNS = 'tenant_id, id, kind, state, user_id, conversation_id, run_id, message_id, subject_id, label, reason, excerpt, claimed_by, claim_expires_at, first_by, decided_by, decided_at, note, due_at, created_at';

/** The table `reviews`. */
@Injectable()
export class ReviewRepository {
  constructor(private readonly sealer: Sealer) {}

  /** False when there is an item of this key. */
  async insert(tx: TenantTx, id: string, request: ReviewRequest, dueMinutes: number, firstBy: string | undefined): Promise<boolean> {
    const { tenantId } = tx.ctx;
    const excerpt = request.excerpt === undefined ? null : this.sealer.seal(cutExcerpt(request.excerpt), textPlace(tenantId, id, 'reviews.excerpt'));
    const rows = await tx.query(
      `INSERT INTO reviews (tenant_id, id, natural_key, kind, state, user_id, conversation_id, run_id, message_id, subject_id, label, reason, excerpt, first_by, due_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, clock_timestamp() + $15 * interval '1 minute') ON CONFLICT ON CONSTRAINT reviews_natural_key DO NOTHING RETURNING id`,
      [
        tenantId, id, request.key, request.kind, firstBy === undefined ? 'waiting' : 'needs_second', request.userId ?? null, request.conversationId ?? null, request.runId ?? null, request.messageId ?? null,
        request.subjectId ?? null, request.label.slice(0, 100), request.reason.slice(0, 200), excerpt, firstBy ?? null, dueMinutes,
      ],
    );
    return rows.length === 1;
  }

  async idOfKey(tx: TenantTx, key: string): Promise<string | undefined> {
    return (await tx.query<{ id: string }>('SELECT id FROM reviews WHERE tenant_id = $1 AND natural_key = $2', [tx.ctx.tenantId, key]))[0]?.id;
  }

  async find(tx: TenantTx, id: string): Promise<Review | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS}, ${HELD} AS held FROM reviews WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map((row) => this.reviewOf(row))[0];
  }

  /** The item, which nobody else moves until the transaction ends. */
  async lock(tx: TenantTx, id: string): Promise<Review | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS}, ${HELD} AS held FROM reviews WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`, [tx.ctx.tenantId, id])).map((row) => this.reviewOf(row))[0];
  }

  async change(tx: TenantTx, id: string, change: ReviewChange): Promise<void> {
    await tx.query(
      `UPDATE reviews SET state = $3, claimed_by = $4::uuid, claim_expires_at = CASE WHEN $4::uuid IS NULL THEN NULL ELSE clock_timestamp() + $5 * interval '1 minute' END,
         first_by = coalesce($6::uuid, first_by), decided_by = $7::uuid, decided_at = CASE WHEN $7::uuid IS NULL THEN NULL ELSE clock_timestamp() END, note = coalesce($8, note)
       WHERE tenant_id = $1 AND id = $2 AND state NOT IN ('approved', 'rejected')`,
      [tx.ctx.tenantId, id, change.state, change.claimedBy ?? null, change.claimMinutes ?? 0, change.firstBy ?? null, change.decidedBy ?? null, change.note ?? null],
    );
  }

  /** By the time they are due: what is overdue stands first. With a platform transaction those of all tenants. */
  async list(tx: TenantTx | PlatformTx, tenantId: string | undefined, filter: ReviewFilter, after: readonly [string, string] | undefined, count: number): Promise<readonly Review[]> {
    const decided = filter.state === 'approved' || filter.state === 'rejected';
    const rows = await tx.query<Row>(
      `SELECT * FROM (SELECT ${COLUMNS}, ${HELD} AS held FROM reviews
         WHERE ($1::uuid IS NULL OR tenant_id = $1) AND state ${decided ? '' : 'NOT'} IN ('approved', 'rejected')
           AND ($2::text IS NULL OR kind = $2) AND ($3::uuid IS NULL OR user_id = $3) AND (NOT $4 OR due_at <= clock_timestamp())
           AND ($5::timestamptz IS NULL OR (due_at, id) > ($5, $6::uuid))) r
       WHERE $7 = 'open' OR held = $7 ORDER BY due_at, id LIMIT $8`,
      [tenantId ?? null, filter.kind ?? null, filter.userId ?? null, filter.overdue ?? false, after?.[0] ?? null, after?.[1] ?? null, filter.state, count],
    );
    return rows.map((row) => this.reviewOf(row));
  }

  /** Of the items of all tenants that are not decided, by kind; at most so many are counted, those first that are due first. */
  async countOpen(tx: PlatformTx, most: number): Promise<readonly OpenReviews[]> {
    return tx.query<OpenReviews>(
      `SELECT kind, count(*)::int AS open, count(*) FILTER (WHERE due_at <= clock_timestamp())::int AS overdue
       FROM (SELECT kind, due_at FROM reviews WHERE state NOT IN ('approved', 'rejected') ORDER BY due_at LIMIT $1) r GROUP BY kind`,
      [most],
    );
  }

  private reviewOf(row: Row): Review {
    const claimed = row.held === 'claimed' || row.held === 'second_claimed';
    return {
      id: row.id, tenantId: row.tenant_id, kind: row.kind, state: row.held, userId: row.user_id ?? undefined, conversationId: row.conversation_id ?? undefined, runId: row.run_id ?? undefined,
      messageId: row.message_id ?? undefined, subjectId: row.subject_id ?? undefined, label: row.label, reason: row.reason,
      excerpt: openedText(this.sealer, row.excerpt, textPlace(row.tenant_id, row.id, 'reviews.excerpt')),
      claimedBy: claimed ? (row.claimed_by ?? undefined) : undefined, claimExpiresAt: claimed ? (row.claim_expires_at ?? undefined) : undefined,
      firstBy: row.first_by ?? undefined, decidedBy: row.decided_by ?? undefined, decidedAt: row.decided_at ?? undefined, note: row.note ?? undefined, dueAt: row.due_at, createdAt: row.created_at,
    };
  }
}
