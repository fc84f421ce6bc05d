import { LRUCache } from 'lru-cache';
import type { Channel } from '../channels/channel.js';
import { FirstTokens } from './first-tokens.js';

/** Second calls under way in a process, over all channels. */
const MOST_AT_ONCE = 16;
/** What quiet times may save up: a channel that turns slow is not met by a wave of second calls. */
const MOST_SAVED = 3;
/** Pairs of channel and model whose times are remembered. */
const MOST_TIMES = 1_000;

type Hedged = Pick<Channel, 'id' | 'hedgePercent'>;

/** When a call is late, and how many late ones may be helped by a second call. Known to one process: what holds for each holds for all together. */
export class Hedges {
  private readonly times = new LRUCache<string, FirstTokens>({ max: MOST_TIMES });
  private readonly shares = new LRUCache<string, { saved: number }>({ max: MOST_TIMES });
  private underWay = 0;

  constructor(private readonly clock: () => number = () => performance.now()) {}

  /** A call goes out to a channel: so much of a second call is earned. */
  called({ id, hedgePercent }: Hedged): void {
    if (hedgePercent === undefined) return;
    const share = this.shares.get(id) ?? { saved: 0 };
    share.saved = Math.min(MOST_SAVED, share.saved + hedgePercent / 100);
    this.shares.set(id, share);
  }

  /** Its first words came after so many ms; or, aborted by then, had not come yet. */
  spoke({ id }: Hedged, model: string, tookMs: number): void {
    const key = `${id}/${model}`;
    const times = this.times.get(key) ?? new FirstTokens();
    times.note(tookMs, this.clock());
    this.times.set(key, times);
  }

  /** After how many ms a call is late; undefined where it gets no second one, whatever happens. */
  lateAfter({ id, hedgePercent }: Hedged, model: string): number | undefined {
    return hedgePercent === undefined ? undefined : this.times.get(`${id}/${model}`)?.p95(this.clock());
  }

  /** Takes a second call out of the channel's share; false when there is none left. What is taken ends by `end`. */
  begin({ id }: Hedged): boolean {
    const share = this.shares.get(id);
    // A hair below one is one: shares are sums of fractions.
    if (share === undefined || share.saved < 1 - 1e-9 || this.underWay >= MOST_AT_ONCE) return false;
    share.saved = Math.max(0, share.saved - 1);
    this.underWay += 1;
    return true;
  }

  /** @param unused nobody was called: the share is as before. */
  end({ id }: Hedged, unused = false): void {
    this.underWay -= 1;
    const share = this.shares.get(id);
    if (unused && share !== undefined) share.saved = Math.min(MOST_SAVED, share.saved + 1);
  }
}

/** Where the second call of a late one may go: to a channel that was not asked yet, under another key. */
export function rivalsOf(late: Channel, others: readonly Channel[]): readonly Channel[] {
  return others.filter((each) => each.id !== late.id && !(each.apiKey === late.apiKey && each.baseUrl === late.baseUrl));
}
