import type { SecCheckScene, SecSuggestion, WechatErrorKind } from '../../wechat/index.js';

export const MEDIA_PURPOSES = ['avatar', 'upload'] as const;
export type MediaPurpose = (typeof MEDIA_PURPOSES)[number];

/** `review`: a person looks at it; `failed`: nobody could judge it. Only what passed is shown. */
export const MEDIA_STATES = ['pending', 'passed', 'review', 'rejected', 'failed'] as const;
export type MediaState = (typeof MEDIA_STATES)[number];

/** Why nobody could judge: WeChat refused the question, or could not fetch the media (its errcode), or never told its result; or the user is gone. */
export type MediaFailure = 'refused' | 'unjudged' | 'never_pushed' | 'user_gone';

/** A picture or sound that a user brought. */
export interface MediaCheck {
  readonly id: string;
  readonly userId: string;
  readonly purpose: MediaPurpose;
  readonly type: 'image' | 'audio';
  readonly url: string;
  readonly state: MediaState;
  /** `ask`: WeChat is to be asked; `wait`: it was, and its result is awaited. */
  readonly step: 'ask' | 'wait';
  /** How often WeChat was asked. */
  readonly attempts: number;
  /** Of the newest call that WeChat took. */
  readonly traceId: string | undefined;
  /** WeChat's; 100 is normal. */
  readonly label: number | undefined;
  readonly failure: MediaFailure | undefined;
  readonly createdAt: Date;
}

/** What WeChat pushes about a call. */
export interface MediaVerdict {
  readonly traceId: string;
  /** Other than 0: it could not judge, for example -1008 when it could not fetch the media. */
  readonly errcode: number;
  /** Undefined only beside such an errcode. */
  readonly suggest: SecSuggestion | undefined;
  readonly label: number | undefined;
}

/** Calls for one picture, whatever becomes of them. */
export const MOST_ATTEMPTS = 5;
/** WeChat pushes within 30 minutes (reference: media_check_async). */
export const VERDICT_MS = 35 * 60_000;
export const SCENE_OF: Readonly<Record<MediaPurpose, SecCheckScene>> = { avatar: 1, upload: 4 };

const STATE_OF: Readonly<Record<SecSuggestion, Exclude<MediaState, 'pending'>>> = { pass: 'passed', review: 'review', risky: 'rejected' };
/** What may be otherwise later. `token` was tried with a new one already, and its holder may recover. */
const PASSING: readonly WechatErrorKind[] = ['busy', 'rate_limited', 'quota', 'unreachable', 'timeout', 'malformed', 'token', 'not_seen'];

/** What follows from a verdict: an end, or another question. Undefined: nothing, it is about a call that was given up. */
export type MediaOutcome = { readonly state: Exclude<MediaState, 'pending'>; readonly label?: number | undefined; readonly failure?: MediaFailure } | { readonly againAfterMs: number } | undefined;

export function outcomeOf(check: MediaCheck, verdict: MediaVerdict): MediaOutcome {
  if (check.state !== 'pending') return undefined;
  if (verdict.errcode === 0 && verdict.suggest !== undefined) return { state: STATE_OF[verdict.suggest], label: verdict.label };
  // A failure of an older call says nothing: a newer one is under way.
  return check.step === 'wait' && check.traceId === verdict.traceId ? again(check.attempts, 'unjudged') : undefined;
}

/** What follows from a question that failed. */
export function outcomeOfFailure(attempts: number, kind: WechatErrorKind): Exclude<MediaOutcome, undefined> {
  return PASSING.includes(kind) ? again(attempts, 'refused') : { state: 'failed', failure: 'refused' };
}

function again(attempts: number, failure: MediaFailure): Exclude<MediaOutcome, undefined> {
  return attempts >= MOST_ATTEMPTS ? { state: 'failed', failure } : { againAfterMs: delayMs(attempts) };
}

/** 1 s after the first attempt, four times as long after each further one: a minute and a half in all. */
function delayMs(attempts: number): number {
  return 1_000 * 4 ** (Math.max(1, attempts) - 1);
}
