/** Where a text stands on a message's way. */
export const STAGES = ['input', 'output'] as const;
export type Stage = (typeof STAGES)[number];

/** Who judges, in the order of their names to users: word lists in process, WeChat's `msg_sec_check`, an OpenAI-compatible moderation endpoint. */
export const LAYERS = ['local', 'wechat', 'openai'] as const;
export type Layer = (typeof LAYERS)[number];

/**
 * What is to be done with a text, mildest first. `label`: noted, nothing else; `review`: shown, and a person looks at
 * it; `mask`: the words are covered; `answer`: a fixed reply in place of the model's; `block`: refused.
 */
export const ACTIONS = ['pass', 'label', 'review', 'mask', 'answer', 'block'] as const;
export type Action = (typeof ACTIONS)[number];

/** The stricter of two. */
export function stricter(one: Action, other: Action): Action {
  return ACTIONS.indexOf(one) >= ACTIONS.indexOf(other) ? one : other;
}

/** Why a layer could not judge. `not_seen`: WeChat has not seen the user within two hours (61010); `quota`: its limit or ours is used up; `user_budget`: this user's share of it is, others may ask on; `too_long`: the text has more pieces than one text may have checked; `open`: the circuit is open after many failures. */
export const CHECK_FAILURES = ['timeout', 'unreachable', 'busy', 'quota', 'user_budget', 'not_seen', 'credentials', 'malformed', 'too_long', 'open'] as const;
export type CheckFailure = (typeof CHECK_FAILURES)[number];

/** One layer's word about one text, as the log keeps it. */
export interface Judgement {
  readonly stage: Stage;
  readonly layer: Layer;
  /** Of what was asked: the lists' version, the endpoint's API or model. */
  readonly version: string;
  /** What the layer asks for. `failure` present: it asked for nothing, and the policy decided. */
  readonly asked: Action;
  /** What was done: `pass` for a layer in the shadow, whatever it asked for. */
  readonly action: Action;
  /** Category of the finding; `normal` where there is none. */
  readonly label: string;
  /** How sure the layer is, 0 to 1. */
  readonly score?: number;
  /** The layer's own name for the call (WeChat's trace_id). */
  readonly traceId?: string;
  /** The listed word that decided, for the local layer. */
  readonly hit?: string;
  readonly failure?: CheckFailure;
  readonly latencyMs: number;
  /** The same text was judged before. */
  readonly cached: boolean;
  /** The layer is in the shadow: judged, recorded, never acted upon. */
  readonly shadow: boolean;
}

/** What all layers of a stage came to. */
export interface Verdict {
  readonly action: Action;
  readonly judgements: readonly Judgement[];
  /** The judgement that decided; absent where the text passes. */
  readonly by?: Judgement;
  /** What the user is told; for `answer` the fixed reply. */
  readonly message?: string;
  /** Blocked because a layer that must judge could not: the user is told `unavailable` and may try again, not `content_blocked`. */
  readonly unavailable?: true;
}
