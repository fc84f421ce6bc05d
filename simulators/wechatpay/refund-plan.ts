import { ControlError } from './api-error.js';
import type { RefundState } from './refunds.js';

const OUTCOMES = ['success', 'processing', 'abnormal', 'closed', 'not_enough'] as const;
type Outcome = (typeof OUTCOMES)[number];
const LONGEST_DELAY_MS = 24 * 3_600_000;

/** What becomes of the refunds that are asked for from now on. */
export class RefundPlan {
  #outcome: Outcome = 'success';
  #delayMs = 0;

  /** Takes `{default?, delay_ms?}` as a whole. Throws {@link ControlError}. */
  set({ default: outcome = 'success', delay_ms: delayMs = 0, ...unknown }: Record<string, unknown>): void {
    const extra = Object.keys(unknown)[0];
    if (extra !== undefined) throw new ControlError(400, `Unknown field "${extra}".`);
    const known = OUTCOMES.find((one) => one === outcome);
    if (known === undefined) throw new ControlError(400, `"default" must be one of ${OUTCOMES.join(', ')}.`);
    if (typeof delayMs !== 'number' || !(delayMs >= 0) || delayMs > LONGEST_DELAY_MS) throw new ControlError(400, '"delay_ms" must be a number, 0 or more, at most a day.');
    this.#outcome = known;
    this.#delayMs = delayMs;
  }

  snapshot(): Record<string, unknown> {
    return { default: this.#outcome, delay_ms: this.#delayMs };
  }

  get isShort(): boolean {
    return this.#outcome === 'not_enough';
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  /** The state that a new refund moves to by itself; undefined = it stays PROCESSING. */
  get next(): RefundState | undefined {
    switch (this.#outcome) {
      case 'success':
        return 'SUCCESS';
      case 'abnormal':
        return 'ABNORMAL';
      case 'closed':
        return 'CLOSED';
      default:
        return undefined;
    }
  }
}
