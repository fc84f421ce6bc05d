import type { RequestContext } from '../../platform/context/index.js';
import type { ErrorCode } from '../../platform/errors/index.js';

/** Why a run that is being produced must end now. */
export type EndCause =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly code: Extract<ErrorCode, 'tenant_suspended' | 'user_banned'> }
  /** Moderation refused the question, or could not judge it where it must. */
  | { readonly kind: 'blocked'; readonly code: Extract<ErrorCode, 'content_blocked' | 'unavailable'>; readonly message: string | undefined }
  | { readonly kind: 'gone' }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'shutdown' };

/** Carried by the abort signal of a run. */
export class RunEnded extends Error {
  override readonly name = 'RunEnded';
  constructor(readonly endCause: EndCause) {
    super(endCause.kind);
  }
}

/** A run in a worker's hands. */
export interface ActiveRun {
  readonly runId: string;
  readonly generation: number;
  readonly ctx: RequestContext;
  /** Whether words of it were shown already. */
  spoke: boolean;
  end(cause: EndCause): void;
}

/** Whether a run belongs to this user. */
export function isOf(run: ActiveRun, tenantId: string, userId: string): boolean {
  return run.ctx.tenantId === tenantId && run.ctx.actor.kind === 'user' && run.ctx.actor.userId === userId;
}

/** The runs that this process is producing. Bounded by the worker's concurrency. */
export class ActiveRuns {
  private readonly runs = new Map<string, ActiveRun>();

  add(run: ActiveRun): () => void {
    this.runs.set(run.runId, run);
    return () => {
      if (this.runs.get(run.runId) === run) this.runs.delete(run.runId);
    };
  }

  get(runId: string): ActiveRun | undefined {
    return this.runs.get(runId);
  }

  all(): readonly ActiveRun[] {
    return [...this.runs.values()];
  }

  endWhere(matches: (run: ActiveRun) => boolean, cause: EndCause): void {
    for (const run of this.runs.values()) if (matches(run)) run.end(cause);
  }
}

/** The code under which a stop was noted in the log. */
export function causeOfStop(code: string): EndCause {
  return code === 'tenant_suspended' || code === 'user_banned' ? { kind: 'refused', code } : { kind: 'stopped' };
}
