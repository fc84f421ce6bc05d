import { BoundedMap } from './bounded-map.js';
import { ControlError } from './control-error.js';
import { LABELS, NORMAL, isSuggestion, verdictOf } from './verdict.js';
import type { Suggestion } from './verdict.js';

const MOST_RULES = 1_000;
const MOST_APPS = 1_000;
const MOST_CHECKS = 10_000;
const LONGEST_DELAY_MS = 30 * 60_000;
const FIELDS = ['keyword', 'suggest', 'label', 'prob', 'errcode', 'never'];

/** What is pushed about a picture or sound. */
export interface MediaVerdict {
  readonly suggest: Suggestion;
  readonly label: number;
  readonly prob: number;
  /** Not 0: it could not be judged, for example −1008 when it could not be fetched. */
  readonly errcode: number;
  /** Nothing is ever pushed. */
  readonly never: boolean;
}

/** The verdict for what has this word in its address. */
export interface MediaRule extends MediaVerdict {
  readonly keyword: string;
}

/** How an app's media are judged. */
export interface MediaPlan {
  readonly delayMs: number;
  readonly rules: readonly MediaRule[];
}

/** A check that was asked for. */
export interface MediaCheck {
  readonly traceId: string;
  readonly appid: string;
  readonly openid: string;
  readonly url: string;
}

const CLEAN: MediaVerdict = { suggest: 'pass', label: NORMAL, prob: 90, errcode: 0, never: false };

/** What holds where nobody said otherwise. */
export const USUAL_PLAN: MediaPlan = {
  delayMs: 300,
  rules: [
    { ...CLEAN, keyword: 'risky', suggest: 'risky', label: 20002 },
    { ...CLEAN, keyword: 'review', suggest: 'review', label: 21000, prob: 60 },
    { ...CLEAN, keyword: 'unreachable', errcode: -1008 },
    { ...CLEAN, keyword: 'never-pushed', never: true },
  ],
};

/** The checks that were asked for, and by which rules they end. */
export class MediaChecks {
  readonly #plans = new Map<string, MediaPlan>();
  readonly #checks = new BoundedMap<MediaCheck>(MOST_CHECKS);
  readonly #timers = new Set<NodeJS.Timeout>();

  planOf(appid: string): MediaPlan {
    return this.#plans.get(appid) ?? USUAL_PLAN;
  }

  /** `{delayMs?, rules?}` of one app; what is absent is as usual. Throws ControlError. */
  setPlan(appid: string, { delayMs = USUAL_PLAN.delayMs, rules = USUAL_PLAN.rules }: Readonly<Record<string, unknown>>): MediaPlan {
    if (typeof delayMs !== 'number' || !(delayMs >= 0 && delayMs <= LONGEST_DELAY_MS)) throw new ControlError(400, `"delayMs" must be a number from 0 to ${LONGEST_DELAY_MS}.`);
    if (!Array.isArray(rules) || rules.length > MOST_RULES) throw new ControlError(400, `"rules" must be a list of at most ${MOST_RULES}.`);
    if (this.#plans.size >= MOST_APPS && !this.#plans.has(appid)) throw new ControlError(507, 'Too many plans.');
    const plan = { delayMs, rules: rules.map((rule: unknown) => parseRule(rule)) };
    this.#plans.set(appid, plan);
    return plan;
  }

  resetPlan(appid: string): void {
    this.#plans.delete(appid);
  }

  /** Remembers a check and calls `tell` when its verdict is due. */
  begin(check: MediaCheck, tell: (verdict: MediaVerdict) => void): void {
    this.#checks.set(check.traceId, check);
    const { delayMs, rules } = this.planOf(check.appid);
    const address = readable(check.url);
    const verdict = rules.find(({ keyword }) => address.includes(keyword)) ?? CLEAN;
    if (verdict.never || this.#timers.size >= MOST_CHECKS) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      tell(verdict);
    }, delayMs);
    this.#timers.add(timer);
  }

  /** A check by its trace id. Throws ControlError. */
  find(traceId: unknown): MediaCheck {
    const check = typeof traceId === 'string' ? this.#checks.get(traceId) : undefined;
    if (!check) throw new ControlError(404, 'No check of this trace_id.');
    return check;
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}

/** The fields of the pushed `wxa_media_check`. (That a failed one has no result is assumed.) */
export function mediaEvent({ traceId, appid }: MediaCheck, { errcode, suggest, label, prob }: MediaVerdict): Readonly<Record<string, string | number | object>> {
  const about = { appid, trace_id: traceId, version: 2 };
  if (errcode !== 0) return { ...about, detail: [], errcode, errmsg: 'download failed' };
  return { ...about, ...verdictOf([{ strategy: 'content_model', errcode: 0, suggest, label, prob }]), errcode: 0, errmsg: 'ok' };
}

/** A verdict as a control call tells it. Throws ControlError. */
export function parseVerdict({ suggest = 'pass', label, prob = 90, errcode = 0, never = false }: Readonly<Record<string, unknown>>): MediaVerdict {
  if (!isSuggestion(suggest)) throw new ControlError(400, '"suggest" must be pass, review or risky.');
  const named = label ?? (suggest === 'pass' ? NORMAL : 21000);
  if (typeof named !== 'number' || !LABELS.includes(named)) throw new ControlError(400, `"label" must be one of ${LABELS.join(', ')}.`);
  if (typeof prob !== 'number' || !(prob >= 0 && prob <= 100)) throw new ControlError(400, '"prob" must be a number from 0 to 100.');
  if (typeof errcode !== 'number' || !Number.isInteger(errcode)) throw new ControlError(400, '"errcode" must be an integer.');
  if (typeof never !== 'boolean') throw new ControlError(400, '"never" must be true or false.');
  return { suggest, label: named, prob, errcode, never };
}

function parseRule(value: unknown): MediaRule {
  if (typeof value !== 'object' || value === null) throw new ControlError(400, 'A rule must be a JSON object.');
  const unknown = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (unknown !== undefined) throw new ControlError(400, `Unknown field "${unknown}" of a rule.`);
  const { keyword } = value as Record<string, unknown>;
  if (typeof keyword !== 'string' || keyword === '') throw new ControlError(400, '"keyword" must be a non-empty string.');
  return { keyword, ...parseVerdict(value as Record<string, unknown>) };
}

function readable(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
