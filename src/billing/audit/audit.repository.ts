import type { PlatformTx } from '../../platform/database/index.js';
import { MOST_VIOLATIONS, type InvariantName, type Violation } from './invariant.js';

/** Each answers tenant_id, subject and details of the rows that are wrong, and nothing where all is well. */
const QUERIES: Readonly<Record<InvariantName, string>> = {
  double_entry: `
    SELECT tenant_id, unit AS subject, jsonb_build_object('debits_posted', dp, 'credits_posted', cp, 'debits_pending', dh, 'credits_pending', ch) AS details FROM (
      SELECT tenant_id, unit, sum(debits_posted) AS dp, sum(credits_posted) AS cp, sum(debits_pending) AS dh, sum(credits_pending) AS ch FROM accounts GROUP BY tenant_id, unit) s
    WHERE dp <> cp OR dh <> ch`,
  balances: `
    WITH open_holds AS (
      SELECT p.* FROM transfers p WHERE p.kind = 'pending' AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.tenant_id = p.tenant_id AND r.pending_id = p.id)
    ), moves AS (
      SELECT tenant_id, debit_account AS id, amount AS dp, 0::int8 AS cp, 0::int8 AS dh, 0::int8 AS ch FROM transfers WHERE kind IN ('single', 'post')
      UNION ALL SELECT tenant_id, credit_account, 0, amount, 0, 0 FROM transfers WHERE kind IN ('single', 'post')
      UNION ALL SELECT tenant_id, debit_account, 0, 0, amount, 0 FROM open_holds
      UNION ALL SELECT tenant_id, credit_account, 0, 0, 0, amount FROM open_holds
    ), sums AS (SELECT tenant_id, id, sum(dp) AS dp, sum(cp) AS cp, sum(dh) AS dh, sum(ch) AS ch FROM moves GROUP BY tenant_id, id)
    SELECT coalesce(a.tenant_id, s.tenant_id) AS tenant_id, coalesce(a.id, s.id)::text AS subject, jsonb_build_object('kind', a.kind,
        'balances', jsonb_build_array(a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending),
        'transfers', jsonb_build_array(coalesce(s.dp, 0), coalesce(s.cp, 0), coalesce(s.dh, 0), coalesce(s.ch, 0))) AS details
    FROM accounts a FULL JOIN sums s ON s.tenant_id = a.tenant_id AND s.id = a.id
    WHERE a.id IS NULL OR (a.debits_posted, a.credits_posted, a.debits_pending, a.credits_pending) IS DISTINCT FROM (coalesce(s.dp, 0), coalesce(s.cp, 0), coalesce(s.dh, 0), coalesce(s.ch, 0))`,
  resolutions: `
    SELECT r.tenant_id, r.id::text AS subject, jsonb_build_object('kind', r.kind, 'pending_id', r.pending_id, 'amount', r.amount, 'held', p.amount) AS details
    FROM transfers r LEFT JOIN transfers p ON p.tenant_id = r.tenant_id AND p.id = r.pending_id AND p.kind = 'pending'
    WHERE r.pending_id IS NOT NULL AND (p.id IS NULL OR r.amount > p.amount OR (r.kind = 'void' AND r.amount <> p.amount)
      OR r.debit_account <> p.debit_account OR r.credit_account <> p.credit_account)
    UNION ALL
    SELECT tenant_id, pending_id::text, jsonb_build_object('resolutions', count(*)) FROM transfers WHERE pending_id IS NOT NULL GROUP BY tenant_id, pending_id HAVING count(*) > 1`,
  never_overdrawn: `
    SELECT tenant_id, id::text AS subject, jsonb_build_object('kind', kind, 'free', credits_posted - debits_posted - debits_pending) AS details
    FROM accounts WHERE NOT may_go_negative AND credits_posted - debits_posted - debits_pending < 0`,
  charges: `
    WITH run_sums AS (
      SELECT tenant_id, reference, sum(amount) FILTER (WHERE kind IN ('single', 'post')) AS posted, sum(amount) FILTER (WHERE kind = 'pending') AS held
      FROM transfers WHERE reason = 'run' GROUP BY tenant_id, reference
    )
    SELECT c.tenant_id, c.run_id::text AS subject, jsonb_build_object('state', c.state, 'credits', c.credits, 'cost', c.cost, 'posted', coalesce(t.posted, 0), 'held', c.held, 'held_transfers', coalesce(t.held, 0)) AS details
    FROM charges c LEFT JOIN run_sums t ON t.tenant_id = c.tenant_id AND t.reference = c.run_id
    WHERE c.held <> coalesce(t.held, 0) OR coalesce(c.credits, 0) <> coalesce(t.posted, 0) OR c.credits > c.cost`,
  orphan_transfers: `
    SELECT t.tenant_id, t.id::text AS subject, jsonb_build_object('reason', t.reason, 'reference', t.reference, 'amount', t.amount) AS details FROM transfers t
    WHERE (t.reason = 'run' AND NOT EXISTS (SELECT 1 FROM charges c WHERE c.tenant_id = t.tenant_id AND c.run_id = t.reference))
       OR (t.reason = 'topup' AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.tenant_id = t.tenant_id AND o.id = t.reference))
       OR (t.reason = 'refund' AND NOT EXISTS (SELECT 1 FROM refunds r WHERE r.tenant_id = t.tenant_id AND r.id = t.reference))
       OR (t.reason = 'repair' AND NOT EXISTS (SELECT 1 FROM payment_findings f WHERE f.tenant_id = t.tenant_id AND f.id = t.reference))`,
  overdue_holds: `
    SELECT p.tenant_id, p.id::text AS subject, jsonb_build_object('reason', p.reason, 'reference', p.reference, 'amount', p.amount, 'expired_at', p.expires_at) AS details FROM transfers p
    WHERE p.kind = 'pending' AND p.expires_at < now() - interval '10 minutes' AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.tenant_id = p.tenant_id AND r.pending_id = p.id)`,
  overdue_grants: `
    SELECT tenant_id, id::text AS subject, jsonb_build_object('owner', owner_id, 'expired_at', expires_at, 'free', credits_posted - debits_posted - debits_pending) AS details FROM accounts
    WHERE kind = 'grant' AND expires_at < now() - interval '10 minutes' AND closed_at IS NULL AND debits_pending = 0 AND credits_posted > debits_posted`,
  topups: `
    WITH topup_sums AS (
      SELECT t.tenant_id, t.reference, count(*) AS transfers, sum(t.amount) FILTER (WHERE a.unit = 'CREDIT') AS credits, sum(t.amount) FILTER (WHERE a.unit = 'FEN') AS fen
      FROM transfers t JOIN accounts a ON a.tenant_id = t.tenant_id AND a.id = t.credit_account WHERE t.reason = 'topup' GROUP BY t.tenant_id, t.reference
    )
    SELECT o.tenant_id, o.id::text AS subject, jsonb_build_object('state', o.state, 'total_fen', o.total_fen, 'credits', o.credits + o.bonus_credits, 'transfers', coalesce(s.transfers, 0), 'moved_fen', s.fen, 'moved_credits', s.credits) AS details
    FROM orders o LEFT JOIN topup_sums s ON s.tenant_id = o.tenant_id AND s.reference = o.id
    WHERE CASE WHEN o.paid_at IS NULL THEN s.transfers IS NOT NULL ELSE (s.transfers, s.fen, s.credits) IS DISTINCT FROM (2::int8, o.total_fen::numeric, (o.credits + o.bonus_credits)::numeric) END`,
  refunds: `
    WITH refund_sums AS (
      SELECT reference, tenant_id, coalesce(sum(amount) FILTER (WHERE kind = 'pending'), 0) AS held, coalesce(sum(amount) FILTER (WHERE kind = 'post'), 0) AS posted,
        coalesce(sum(amount) FILTER (WHERE kind = 'void'), 0) AS voided FROM transfers WHERE reason = 'refund' GROUP BY tenant_id, reference
    )
    SELECT r.tenant_id, r.id::text AS subject, jsonb_build_object('state', r.state, 'should_hold', r.amount_fen + r.held_credits, 'held', s.held, 'posted', s.posted, 'voided', s.voided) AS details
    FROM refunds r LEFT JOIN refund_sums s ON s.tenant_id = r.tenant_id AND s.reference = r.id
    WHERE (s.held, s.posted, s.voided) IS DISTINCT FROM ((r.amount_fen + r.held_credits)::numeric,
      (CASE r.state WHEN 'succeeded' THEN r.amount_fen + r.held_credits ELSE 0 END)::numeric, (CASE r.state WHEN 'failed' THEN r.amount_fen + r.held_credits ELSE 0 END)::numeric)
    UNION ALL
    SELECT o.tenant_id, o.id::text, jsonb_build_object('total_fen', o.total_fen, 'refunded_fen', o.refunded_fen, 'succeeded_fen', s.succeeded, 'asked_fen', s.asked)
    FROM orders o LEFT JOIN (SELECT tenant_id, order_id, sum(amount_fen) FILTER (WHERE state = 'succeeded') AS succeeded, sum(amount_fen) FILTER (WHERE state <> 'failed') AS asked FROM refunds GROUP BY tenant_id, order_id) s
      ON s.tenant_id = o.tenant_id AND s.order_id = o.id
    WHERE o.refunded_fen <> coalesce(s.succeeded, 0) OR coalesce(s.asked, 0) > o.total_fen`,
  order_history: `
    SELECT o.tenant_id, o.id::text AS subject, jsonb_build_object('state', o.state, 'last_step', e.to_state) AS details FROM orders o
      LEFT JOIN LATERAL (SELECT to_state FROM order_events e WHERE e.tenant_id = o.tenant_id AND e.order_id = o.id ORDER BY e.sequence DESC LIMIT 1) e ON true
    WHERE e.to_state IS DISTINCT FROM o.state`,
};

/** The rows for which an invariant does not hold, at most MOST_VIOLATIONS. */
export async function violationsOf(tx: PlatformTx, name: InvariantName): Promise<readonly Violation[]> {
  const rows = await tx.query<{ tenant_id: string; subject: string; details: Readonly<Record<string, unknown>> }>(`SELECT * FROM (${QUERIES[name]}) wrong LIMIT ${MOST_VIOLATIONS}`);
  return rows.map((row) => ({ tenantId: row.tenant_id, subject: row.subject, details: row.details }));
}
