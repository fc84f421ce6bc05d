import { DomainError } from '../../platform/errors/index.js';
import type { Credits, MicroCny } from '../../platform/values/index.js';

/** What the lines of a report stand for; a day is one of Asia/Shanghai. */
export const COST_GROUPINGS = ['channel', 'tenant', 'model', 'day'] as const;
export type CostGrouping = (typeof COST_GROUPINGS)[number];

/** Runs that began in [from, to). */
export interface CostQuery {
  readonly from: Date;
  readonly to: Date;
  readonly groupBy: CostGrouping;
}

/** What the runs of one channel, tenant, model or day cost and brought in. */
export interface CostLine {
  /** Id of the channel or tenant, name of the model, or yyyy-MM-dd. Undefined: no channel answered these runs. */
  readonly key: string | undefined;
  /** A channel's name, as long as the channel is there. */
  readonly name: string | undefined;
  /** Runs that are over. */
  readonly runs: bigint;
  /** Those whose cost is known; the others are not in the cost. */
  readonly pricedRuns: bigint;
  readonly promptTokens: bigint;
  readonly completionTokens: bigint;
  readonly cost: MicroCny;
  /** What their users paid. */
  readonly revenue: Credits;
}

/** A quarter; what is read grows with the runs in it. */
export const MOST_DAYS = 92;
const DAY_MS = 86_400_000;

/** @throws DomainError `invalid_request` (param `to`) */
export function checkCostQuery({ from, to }: CostQuery): void {
  if (to <= from) throw new DomainError('invalid_request', { param: 'to', message: 'to must be later than from' });
  if (to.getTime() - from.getTime() > MOST_DAYS * DAY_MS) throw new DomainError('invalid_request', { param: 'to', message: `to must be at most ${MOST_DAYS} days after from` });
}
