import type { RunPlan } from '../run/run.js';

/** What lies ready of a run that this process has just begun. */
export interface FreshRun {
  readonly plan: RunPlan;
  /** Its plan lies sealed, and so will its words. */
  readonly sealed: boolean;
}

/** Runs between their plan's laying ready and their start, where both are this process's. Bounded by the requests under way: who puts one in takes it out. */
export class FreshRuns {
  private readonly runs = new Map<string, FreshRun>();

  /** For whoever produces it in this process. */
  put(runId: string, run: FreshRun): void {
    this.runs.set(runId, run);
  }

  /** Once only. */
  take(runId: string): FreshRun | undefined {
    const run = this.runs.get(runId);
    this.runs.delete(runId);
    return run;
  }
}
