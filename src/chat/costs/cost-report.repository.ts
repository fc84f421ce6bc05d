import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import type { CostGrouping, CostLine, CostQuery } from './cost-report.js';

/** What rows are grouped by, and how a group's key is told. Days begin at midnight in Asia/Shanghai, which has no summer time; the migration keeps statistics on this very expression, so that PostgreSQL knows how few they are. */
const KEYS: Readonly<Record<CostGrouping, { readonly by: string; readonly told: string }>> = {
  channel: { by: 'r.channel_id', told: 'key::text' },
  tenant: { by: 'r.tenant_id', told: 'key::text' },
  model: { by: 'r.model', told: 'key' },
  day: { by: `date_bin('1 day', r.created_at, '2020-01-01 00:00:00+08')`, told: `to_char(key AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')` },
};

/** Lines of a report: far more than there are channels or days. */
const MOST_LINES = 1_000;
/** The charges of some 500,000 runs fit into it; more go over the disk. */
const WORK_MEMORY = '64MB';

interface Row {
  readonly key: string | null;
  readonly runs: string;
  readonly priced: string;
  readonly prompt_tokens: string;
  readonly completion_tokens: string;
  readonly cost: string;
  readonly revenue: string;
}

/** What runs cost at their upstreams, beside what users paid for them. */
@Injectable()
export class CostReportRepository {
  /**
   * The dearest first, days in their order. Both tables are read over the same blocks of time (BRIN) and met by a hash:
   * some 2 s for a million runs, 200 kB of index for each million. A charge is written in its run's transaction, by a clock that goes on within it.
   */
  async lines(tx: PlatformTx, { from, to, groupBy }: CostQuery): Promise<readonly Omit<CostLine, 'name'>[]> {
    await tx.query(`SELECT set_config('work_mem', $1, true)`, [WORK_MEMORY]);
    const { by, told } = KEYS[groupBy];
    const rows = await tx.query<Row>(
      `SELECT ${told} AS key, runs, priced, prompt_tokens, completion_tokens, cost, revenue FROM (
         SELECT ${by} AS key, count(*) AS runs, count(r.upstream_cost_micro_cny) AS priced, coalesce(sum(r.prompt_tokens), 0) AS prompt_tokens,
           coalesce(sum(r.completion_tokens), 0) AS completion_tokens, coalesce(sum(r.upstream_cost_micro_cny), 0) AS cost, coalesce(sum(c.credits), 0) AS revenue
         FROM runs r LEFT JOIN charges c ON c.tenant_id = r.tenant_id AND c.run_id = r.id AND c.created_at >= $1::timestamptz - interval '1 minute' AND c.created_at < $2::timestamptz + interval '1 minute'
         WHERE r.created_at >= $1 AND r.created_at < $2 AND r.concluded_at IS NOT NULL
         GROUP BY ${by} ORDER BY ${groupBy === 'day' ? 'key' : 'cost DESC, key'} LIMIT ${MOST_LINES}) lines`,
      [from, to],
    );
    return rows.map((row) => ({
      key: row.key ?? undefined, runs: BigInt(row.runs), pricedRuns: BigInt(row.priced), promptTokens: BigInt(row.prompt_tokens), completionTokens: BigInt(row.completion_tokens),
      cost: BigInt(row.cost), revenue: BigInt(row.revenue),
    }));
  }
}
