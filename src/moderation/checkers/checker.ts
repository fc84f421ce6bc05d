import type { RequestContext } from '../../platform/context/index.js';
import type { CheckFailure, Layer, Stage } from '../verdict.js';

/** What a remote layer found in one text, before any policy. */
export interface Finding {
  readonly suggests: 'pass' | 'review' | 'block';
  /** `normal`, or the category that weighs most. */
  readonly label: string;
  /** How sure the layer is, 0 to 1. */
  readonly score?: number;
  readonly traceId?: string;
  /** Of the endpoint or model that answered. */
  readonly version: string;
  /** What it said of each category, 0 to 1, where it says so much. */
  readonly scores?: Readonly<Record<string, number>>;
}

/** The remote layers of this process, at most one of each. One that is missing judges nobody. */
export const CHECKERS = Symbol('Checkers');

/** The texts could not be judged; the policy says what then. It never holds a text, a key or an address that contains one. */
export class CheckFailed extends Error {
  override readonly name = 'CheckFailed';

  constructor(readonly failure: CheckFailure, detail: string) {
    super(`check failed: ${failure} (${detail})`);
  }
}

/** What a checker must know of whom it judges. */
export interface CheckSubject {
  readonly ctx: RequestContext;
  readonly stage: Stage;
  /** Score from which a category counts as a finding, 0 to 1, by category; `default` for those that are not named. */
  readonly thresholds: Readonly<Record<string, number>>;
}

/** A remote layer. One conformance suite for all of them (`checker.conformance.ts` in the kit). */
export interface Checker {
  readonly layer: Exclude<Layer, 'local'>;
  /** Whether it can judge for this user at all: WeChat needs somebody who came by a mini-program of the tenant. */
  covers(ctx: RequestContext): Promise<boolean>;
  /**
   * One finding for the texts together: the worst. Long texts are cut as the endpoint asks.
   * @throws CheckFailed; the signal's reason when it is aborted.
   */
  check(subject: CheckSubject, texts: readonly string[], signal: AbortSignal): Promise<Finding>;
}
