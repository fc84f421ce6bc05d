import { reasonOf, within } from './deadline.js';

interface Job<Result> {
  readonly result: Promise<Result>;
  readonly ending: AbortController;
  /** Those who wait for it. */
  waiting: number;
}

/**
 * Work that is done once for all who want it at the same time. Each waits as long as his own signal lets him: whoever
 * leaves takes nothing from the others, and the work is aborted when the last one has left, with that one's reason.
 */
export class SharedWork<Result> {
  private readonly jobs = new Map<string, Job<Result>>();

  /** Jobs under way. */
  get size(): number {
    return this.jobs.size;
  }

  /**
   * Joins the work of this name, or begins it.
   * @returns whether it was under way. `result` rejects with what the work throws, or the reason of this caller's signal.
   */
  do(name: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): { readonly joined: boolean; readonly result: Promise<Result> } {
    if (signal.aborted) return { joined: false, result: Promise.reject(reasonOf(signal)) };
    const known = this.jobs.get(name);
    const job = known ?? this.begin(name, work);
    return { joined: known !== undefined, result: this.wait(name, job, signal) };
  }

  private begin(name: string, work: (signal: AbortSignal) => Promise<Result>): Job<Result> {
    const ending = new AbortController();
    const job: Job<Result> = { ending, waiting: 0, result: work(ending.signal).finally(() => this.forget(name, job)) };
    this.jobs.set(name, job);
    return job;
  }

  private async wait(name: string, job: Job<Result>, signal: AbortSignal): Promise<Result> {
    job.waiting += 1;
    try {
      return await within(job.result, signal);
    } finally {
      job.waiting -= 1;
      if (job.waiting === 0) this.leave(name, job, signal);
    }
  }

  /** Nobody waits any more. Who comes now finds no work that is being aborted, but begins anew. */
  private leave(name: string, job: Job<Result>, signal: AbortSignal): void {
    this.forget(name, job);
    if (signal.aborted) job.ending.abort(reasonOf(signal));
  }

  private forget(name: string, job: Job<Result>): void {
    if (this.jobs.get(name) === job) this.jobs.delete(name);
  }
}
