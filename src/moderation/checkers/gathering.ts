import { reasonOf } from './deadline.js';

export interface GatheringOptions<Item> {
  /** How long the first of a group waits for others, milliseconds. */
  readonly waitMs: number;
  readonly mostItems: number;
  /** Most weight of a group; one item that weighs more goes alone. */
  readonly mostWeight: number;
  readonly weigh: (item: Item) => number;
  /** Items that may wait for their results, sent or not; whoever would bring more is refused. */
  readonly mostWaiting: number;
  readonly refusal: () => Error;
  /** Whether an error may be the fault of one item: the others are then asked for again, each alone. */
  readonly isOneItemsFault: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly signal: AbortSignal;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

/** Sends what many callers ask at about the same time in one request; each gets its own results. A request is aborted when all whom it serves have left. */
export class Gathering<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private timer: NodeJS.Timeout | undefined;
  /** Items of requests under way. */
  private sent = 0;

  constructor(private readonly options: GatheringOptions<Item>, private readonly send: (items: readonly Item[], signal: AbortSignal) => Promise<readonly Result[]>) {}

  /** @throws what `send` throws; the refusal when too many wait; the signal's reason. */
  async ask(items: readonly Item[], signal: AbortSignal): Promise<readonly Result[]> {
    signal.throwIfAborted();
    // All or none: some of a caller's results are of no use to him.
    if (this.waiting.length + this.sent + items.length > this.options.mostWaiting) throw this.options.refusal();
    return Promise.all(items.map((item) => this.one(item, signal)));
  }

  private one(item: Item, signal: AbortSignal): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const leave = (): void => {
        this.waiting = this.waiting.filter((each) => each !== waiting);
        reject(reasonOf(signal));
      };
      signal.addEventListener('abort', leave, { once: true });
      const settled = <T>(act: (outcome: T) => void) => (outcome: T): void => {
        signal.removeEventListener('abort', leave);
        act(outcome);
      };
      const waiting: Waiting<Item, Result> = { item, signal, resolve: settled(resolve), reject: settled(reject) };
      this.waiting.push(waiting);
      if (this.waiting.length >= this.options.mostItems) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), this.options.waitMs);
    });
  }

  private flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    while (this.waiting.length > 0) void this.dispatch(this.nextGroup());
  }

  private async dispatch(group: readonly Waiting<Item, Result>[]): Promise<void> {
    this.sent += group.length;
    await this.serve(group);
    this.sent -= group.length;
  }

  private nextGroup(): readonly Waiting<Item, Result>[] {
    let weight = 0;
    let count = 0;
    for (const { item } of this.waiting) {
      weight += this.options.weigh(item);
      if (count === this.options.mostItems || (count > 0 && weight > this.options.mostWeight)) break;
      count += 1;
    }
    const group = this.waiting.slice(0, count);
    this.waiting = this.waiting.slice(count);
    return group;
  }

  /** Never rejects: every outcome goes to the callers. */
  private async serve(group: readonly Waiting<Item, Result>[]): Promise<void> {
    const gone = goneWhenAllAre(group.map(({ signal }) => signal));
    try {
      const results = await this.send(group.map(({ item }) => item), gone.signal);
      group.forEach((each, at) => each.resolve(results[at] as Result));
    } catch (error) {
      if (group.length > 1 && this.options.isOneItemsFault(error)) await Promise.all(group.map((each) => this.serve([each])));
      else for (const each of group) each.reject(error);
    } finally {
      gone.forget();
    }
  }
}

/** A signal that is aborted when every one of these is. */
function goneWhenAllAre(signals: readonly AbortSignal[]): { readonly signal: AbortSignal; forget(): void } {
  const all = new AbortController();
  const each = [...new Set(signals)];
  let left = each.length;
  const listeners = each.map((signal) => {
    const leave = (): void => {
      left -= 1;
      if (left === 0) all.abort(signal.reason);
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
    return { signal, leave };
  });
  return { signal: all.signal, forget: () => listeners.forEach(({ signal, leave }) => signal.removeEventListener('abort', leave)) };
}
