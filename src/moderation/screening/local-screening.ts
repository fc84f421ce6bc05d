import type { RequestContext } from '../../platform/context/index.js';
import type { Stage, Verdict } from '../verdict.js';

/** Where there are word lists. A process without them judges by the remote layers alone. */
export const LOCAL_SCREENING = Symbol('LocalScreening');

/** Layer 1 as the other layers' callers see it: word lists in process, by the tenant's policy. */
export interface LocalScreening {
  judge(ctx: RequestContext, stage: Stage, texts: readonly string[]): Verdict | Promise<Verdict>;
}
