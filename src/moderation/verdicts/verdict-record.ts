import type { Judgement } from '../verdict.js';

/** What was judged, and where it stands. Ids of the tenant's own rows, as far as there are any yet. */
export interface VerdictSubject {
  readonly texts: readonly string[];
  /** The acting user unless told. */
  readonly userId?: string;
  readonly conversationId?: string;
  readonly runId?: string;
  readonly messageId?: string;
}

/** A row of the log on its way there. */
export interface VerdictRecord {
  readonly tenantId: string;
  /** UUID version 7: the row's time is inside. */
  readonly id: string;
  readonly judgement: Judgement;
  readonly userId: string | undefined;
  readonly conversationId: string | undefined;
  readonly runId: string | undefined;
  readonly messageId: string | undefined;
  /** @see TenantDigest */
  readonly textDigest: string;
  /** UTF-16 units, of the whole. */
  readonly textLength: number;
  /** Absent for a clean pass: nobody is to read what nothing was said against. */
  readonly text: string | undefined;
}

/** Most UTF-16 units of a text that are kept. */
const MOST_TEXT = 32_000;

/** Nothing was found, and nothing failed. */
export function isCleanPass({ asked, failure }: Judgement): boolean {
  return asked === 'pass' && failure === undefined;
}

/** What was acted upon, or waits for a person: written before the others. */
export function isUrgent({ action }: Judgement): boolean {
  return action !== 'pass' && action !== 'label';
}

/** A text as PostgreSQL can keep it: no NUL, no half of a surrogate pair, bounded. */
export function keepable(text: string, most = MOST_TEXT): string {
  return text.replaceAll('\0', '').slice(0, most).toWellFormed();
}

/** A score as the log takes it. */
export function scoreOf({ score }: Judgement): number | undefined {
  return score === undefined || !Number.isFinite(score) ? undefined : Math.min(1, Math.max(0, score));
}
