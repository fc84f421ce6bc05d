/** Where an answer stalls until the client leaves. */
export type HangPoint = 'before-headers' | 'before-first-token' | 'mid';
/** Where the connection is destroyed. */
export type ResetPoint = 'before-headers' | 'mid';
/** What is told about usage: the counted numbers, nothing, these numbers, or this value as it stands, whatever it is. */
export type UsageReport = 'normal' | 'absent' | { readonly prompt_tokens: number; readonly completion_tokens: number } | { readonly raw: unknown };

/** Refusals that a status alone does not name; each brings its own. */
export type NamedError = 'insufficient_quota' | 'content_policy' | 'context_length';

/**
 * How one request is to be answered. Every field is optional; times are milliseconds, lengths are
 * tokens (one token = one emitted piece). The README beside this folder has the table.
 */
export interface Behaviour {
  /** The exact answer; wins over `tokens`. */
  readonly text?: string;
  /** Length of a filler answer. */
  readonly tokens?: number;
  readonly firstTokenMs?: number;
  readonly gapMs?: number;
  readonly splitUtf8?: boolean;
  readonly lineEnd?: 'lf' | 'crlf';
  readonly status?: number;
  /** Wins over `status`. */
  readonly error?: NamedError;
  /** Seconds, sent as `retry-after` with an error status. */
  readonly retryAfter?: number;
  /** Milliseconds, sent as `retry-after-ms` with an error status. */
  readonly retryAfterMs?: number;
  readonly html?: boolean;
  readonly hang?: HangPoint;
  readonly reset?: ResetPoint;
  /** After how many tokens `hang: mid`, `reset: mid`, `cutWithoutDone`, `inStreamError` and `malformed` strike; 3 when unset. */
  readonly afterTokens?: number;
  readonly cutWithoutDone?: boolean;
  readonly inStreamError?: boolean;
  readonly usage?: UsageReport;
  /** What its tokens are counted under, for tests that compare. */
  readonly tag?: string;
  readonly finishReason?: string;
  readonly malformed?: boolean;
  readonly loneSurrogates?: boolean;
  readonly comments?: boolean;
  /** Show the faults above only the first n times, then answer as if they were not there. */
  readonly failTimes?: number;
  readonly reasoning?: boolean;
}

/** A script that cannot be meant: unknown key or wrong value. The message names the key. */
export class BadBehaviour extends Error {}

type Check = (value: unknown) => string | undefined;

const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const string: Check = (value) => (typeof value === 'string' ? undefined : 'a string');
const oneOf = (...allowed: string[]): Check => (value) => (typeof value === 'string' && allowed.includes(value) ? undefined : allowed.join(' | '));
const number = (low: number, high: number): Check => (value) =>
  typeof value === 'number' && value >= low && value <= high ? undefined : `a number from ${low} to ${high}`;
const integer = (low: number, high: number): Check => (value) =>
  Number.isInteger(value) && (value as number) >= low && (value as number) <= high ? undefined : `an integer from ${low} to ${high}`;
const count = integer(0, 1_000_000_000);
const usage: Check = (value) => {
  if (value === 'normal' || value === 'absent') return undefined;
  const report = (typeof value === 'object' ? value : null) as { prompt_tokens?: unknown; completion_tokens?: unknown } | null;
  if (report && 'raw' in report) return undefined;
  return report && !count(report.prompt_tokens) && !count(report.completion_tokens) ? undefined : 'normal | absent | {prompt_tokens, completion_tokens} | {raw}';
};

const milliseconds = number(0, 600_000);
const CHECKS: Record<keyof Behaviour, Check> = {
  text: string,
  tokens: integer(0, 1_000_000),
  firstTokenMs: milliseconds,
  gapMs: milliseconds,
  splitUtf8: flag,
  lineEnd: oneOf('lf', 'crlf'),
  status: integer(200, 599),
  error: oneOf('insufficient_quota', 'content_policy', 'context_length'),
  retryAfter: number(0, 86_400),
  retryAfterMs: number(0, 86_400_000),
  html: flag,
  hang: oneOf('before-headers', 'before-first-token', 'mid'),
  reset: oneOf('before-headers', 'mid'),
  afterTokens: integer(0, 1_000_000),
  cutWithoutDone: flag,
  inStreamError: flag,
  usage,
  tag: string,
  finishReason: string,
  malformed: flag,
  loneSurrogates: flag,
  comments: flag,
  failTimes: integer(0, 1_000_000),
  reasoning: flag,
};

/** Checks a scripted behaviour. Throws {@link BadBehaviour} that names the key, so that a typing error cannot pass for a success. */
export function parseBehaviour(value: unknown): Behaviour {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadBehaviour('A behaviour must be a JSON object.');
  for (const [key, field] of Object.entries(value)) {
    const check = Object.hasOwn(CHECKS, key) ? CHECKS[key as keyof Behaviour] : undefined;
    if (!check) throw new BadBehaviour(`Unknown behaviour field "${key}".`);
    const expected = check(field);
    if (expected) throw new BadBehaviour(`Behaviour field "${key}" must be ${expected}.`);
  }
  return value;
}

/** As {@link parseBehaviour}, from JSON text. */
export function parseBehaviourJson(json: string): Behaviour {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new BadBehaviour('A behaviour must be valid JSON.');
  }
  return parseBehaviour(value);
}

/** Behaviours that a model's name stands for; any other name answers normally. */
export const MODEL_BEHAVIOURS: ReadonlyMap<string, Behaviour> = new Map<string, Behaviour>([
  ['sim-chat', {}],
  ['sim-fast', { firstTokenMs: 0, gapMs: 0 }],
  ['sim-slow', { firstTokenMs: 2000, gapMs: 250 }],
  ['sim-reasoner', { reasoning: true }],
]);

const FAULTS: ReadonlySet<string> = new Set<keyof Behaviour>(['status', 'error', 'retryAfter', 'retryAfterMs', 'html', 'hang', 'reset', 'cutWithoutDone', 'inStreamError', 'malformed']);

/** The same behaviour without the faults that `failTimes` limits. */
export function withoutFaults(behaviour: Behaviour): Behaviour {
  return Object.fromEntries(Object.entries(behaviour).filter(([field]) => !FAULTS.has(field)));
}

const OPENING = '[[sim ';
const CLOSING = '}]]';

/** Finds `[[sim {…}]]` in a message; `text` is the message without it. Throws {@link BadBehaviour} when it cannot be read. */
export function takeDirective(message: string): { readonly text: string; readonly behaviour: Behaviour | undefined } {
  const start = message.indexOf(OPENING);
  if (start < 0) return { text: message, behaviour: undefined };
  const end = message.indexOf(CLOSING, start);
  if (end < 0) throw new BadBehaviour('The [[sim …]] directive is not closed.');
  const behaviour = parseBehaviourJson(message.slice(start + OPENING.length, end + 1));
  return { text: (message.slice(0, start) + message.slice(end + CLOSING.length)).trim(), behaviour };
}
