import { randomBytes } from 'node:crypto';
import { ControlError } from './api-error.js';
import { startOfBeijingDay } from './clock.js';
import type { BillType } from './bill-file.js';

const MOST_TOKENS = 1_000;
const MOST_TAMPERED = 1_000;

export const TAMPERINGS = ['missing_row', 'extra_row', 'amount', 'hash'] as const;
export type Tampering = (typeof TAMPERINGS)[number];

/** A bill that a merchant may fetch until then. */
export interface Download {
  readonly merchantId: string;
  readonly day: string;
  readonly type: BillType;
  readonly gzip: boolean;
  readonly tampering: Tampering | undefined;
  readonly until: number;
}

/** Downloads that were asked for, and bills that control has spoiled. */
export class Bills {
  readonly #downloads = new Map<string, Download>();
  readonly #tampered = new Map<string, Tampering>();

  /** `POST /control/bills`: spoils the next bill of a day. Throws {@link ControlError}. */
  tamper({ date, tamper }: Record<string, unknown>): Record<string, unknown> {
    const tampering = TAMPERINGS.find((known) => known === tamper);
    if (typeof date !== 'string' || startOfBeijingDay(date) === undefined) throw new ControlError(400, '"date" must be yyyy-MM-dd.');
    if (tamper !== undefined && tampering === undefined) throw new ControlError(400, `"tamper" must be one of ${TAMPERINGS.join(', ')}.`);
    if (this.#tampered.size >= MOST_TAMPERED) throw new ControlError(507, 'Too many bills.');
    if (tampering === undefined) this.#tampered.delete(date);
    else this.#tampered.set(date, tampering);
    return { date, tamper: tampering ?? null };
  }

  tamperingOf(day: string): Tampering | undefined {
    return this.#tampered.get(day);
  }

  forgetTampering(day: string): void {
    this.#tampered.delete(day);
  }

  offer(download: Download): string {
    const token = randomBytes(24).toString('base64url');
    this.#downloads.set(token, download);
    if (this.#downloads.size > MOST_TOKENS) this.#downloads.delete(this.#downloads.keys().next().value as string);
    return token;
  }

  take(token: string): Download | undefined {
    return this.#downloads.get(token);
  }
}
