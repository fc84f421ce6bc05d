import type { Fen } from '../../platform/values/index.js';

/** What the comparison of a Beijing day's bill with our orders gave. */
export interface BillReport {
  /** yyyy-MM-dd */
  readonly day: string;
  readonly merchantId: string;
  readonly outcome: 'clean' | 'differs';
  readonly matched: number;
  readonly differing: number;
  readonly paid: Fen;
  readonly refunded: Fen;
  readonly billPaid: Fen;
  readonly billRefunded: Fen;
  /** How often it was compared. */
  readonly runs: number;
  readonly ranAt: Date;
}

const BEIJING_OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;
/** WeChat has a day's bill from 10:00 on the next day; ten minutes later we ask (Beijing time). */
const READY_MS = 10 * 3_600_000 + 10 * 60_000;
/** Bills are kept for three months. */
export const BILL_DAYS = 90;

/** The newest Beijing day whose bill is ready at `now`, as yyyy-MM-dd. */
export function newestBillDay(now: Date): string {
  return dayOf(now.getTime() + BEIJING_OFFSET_MS - READY_MS - DAY_MS);
}

/** The `count` newest days with a bill, oldest first. */
export function newestBillDays(now: Date, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => dayOf(now.getTime() + BEIJING_OFFSET_MS - READY_MS - (count - at) * DAY_MS));
}

/** Whether WeChat can have a bill of this day now. */
export function hasBill(day: string, now: Date): boolean {
  return day <= newestBillDay(now) && day >= dayOf(now.getTime() + BEIJING_OFFSET_MS - BILL_DAYS * DAY_MS);
}

function dayOf(shifted: number): string {
  return new Date(shifted).toISOString().slice(0, 10);
}
