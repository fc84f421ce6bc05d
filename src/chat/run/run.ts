import type { ErrorCode } from '../../platform/errors/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import type { BrokenOffCharge } from '../../moderation/index.js';
import type { CachePlace } from '../cache/cache-key.js';
import type { Expense, Order, UpstreamRequest } from '../../upstream/index.js';
import type { FinishReason, Usage } from '../stream/run-event.js';
import type { WireSubject } from '../wire/wire.js';

/** `opened` is the only state that is left; every other is final. */
export type RunState = 'opened' | 'finished' | 'stopped' | 'refused' | 'failed';
export type FinalState = Exclude<RunState, 'opened'>;

/** Everything that a worker needs for a run. It lies in Redis beside the stream log, never in the queue. */
export interface RunPlan {
  readonly ctx: RequestContext;
  readonly subject: WireSubject;
  readonly request: UpstreamRequest;
  /** Tokens of the prompt by our own count. */
  readonly promptTokens: number;
  /** The price list that the run began under; absent where Redis forgot the plan. */
  readonly priceListId?: string;
  /** Who asks had bought credits left when the run began. */
  readonly paid?: boolean;
  /** Milliseconds since 1970 when the request came in. */
  readonly requestedAt: number;
  /** Where its answer is stored for the next request of the kind, and for how long; absent where it is not. */
  readonly cache?: { readonly place: CachePlace; readonly seconds: number };
  /** The client brought a system prompt of its own, which is judged as its words are. */
  readonly ownPrompt?: boolean;
  /** The whole answer, to a banned topic: no model is asked, nobody judges it, and the question is withheld. */
  readonly fixedReply?: string;
  /** The turn that the answer completes, and the revision of the history that the prompt was made from; absent outside of conversations. */
  readonly turn?: { readonly question: string; readonly questionTokens: number; readonly revision: number; readonly replacesAnswer: boolean };
}

/** What is asked of the queue for a run. */
export function orderOf(runId: string, plan: Pick<RunPlan, 'request' | 'promptTokens' | 'paid'>): Order {
  return { runId, model: plan.request.model, promptTokens: plan.promptTokens, maxTokens: plan.request.maxTokens, paid: plan.paid ?? false };
}

/** Who says what was used; `cache`: the answer was stored before. */
export type UsageSource = 'upstream' | 'counted' | 'cache';

/** How a run ended: what conclude is told. */
export interface Outcome {
  readonly state: FinalState;
  readonly finishReason?: FinishReason;
  /** Why it failed or was refused. */
  readonly errorCode?: ErrorCode;
  /** Every word that was produced and logged. */
  readonly content: string;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  /** Which channel answered and what that cost; absent where none did, or nobody knows any more. */
  readonly expense?: Expense | undefined;
  /** Nobody was told of the run: its row is concluded, and what else is to be done of it nobody waits for. */
  readonly unheard?: boolean;
  /** What the user is told of a refusal, where it is not the error's own text. */
  readonly message?: string;
  /** The question was refused: its words leave the history. */
  readonly withholdsQuestion?: boolean;
  /** The layers beside the model have passed the question; a run that ends before that leaves it unjudged. */
  readonly questionJudged?: boolean;
  /** Moderation broke the answer off: what stands of it is shown, and never used. */
  readonly recalled?: boolean;
  /** Parts were withheld from this client: not what others are to be given. */
  readonly partial?: boolean;
  /** What an answer that was refused costs: nothing unless told. Otherwise its usage. */
  readonly charge?: BrokenOffCharge;
}

/** The words and the usage of a run that nobody began to answer. */
export const NOTHING_SAID = { content: '', usage: { promptTokens: 0, completionTokens: 0 }, usageSource: 'counted' } as const satisfies Partial<Outcome>;

/** A worker's right to write: writes of an older generation are refused by the log and by the row. */
export interface Hold {
  readonly runId: string;
  readonly generation: number;
  /** Words that it logs lie sealed, as the run's plan does. */
  readonly sealed?: boolean;
}

/** A run's row, for whoever asks about it later. */
export interface RunRecord {
  readonly id: string;
  readonly userId: string;
  readonly conversationId: string | null;
  readonly answerId: string;
  readonly model: string;
  readonly state: RunState;
  readonly generation: number;
  readonly finishReason: string | null;
  readonly errorCode: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly createdAt: Date;
  readonly concludedAt: Date | null;
}

const FINISH_REASONS: Readonly<Record<string, FinishReason>> = { stop: 'stop', length: 'length', content_filter: 'content_filter' };

/** The upstream's finish_reason as one of ours; an unknown one counts as a plain stop. */
export function finishReasonOf(upstream: string | undefined): FinishReason {
  return (upstream === undefined ? undefined : FINISH_REASONS[upstream]) ?? 'stop';
}
