import type { Letter } from './letters.js';

/** Pauses before each repetition of a letter that was not taken (reference 5.3), milliseconds. */
export const RETRY_MS = [15, 15, 30, 180, 600, 1_200, 1_800, 1_800, 1_800, 3_600, 10_800, 10_800, 10_800, 21_600, 21_600].map((seconds) => seconds * 1_000);
const ANSWER_MS = 5_000;
const MOST_WAITING = 100_000;

export type PostMode = 'on' | 'off' | 'duplicate' | 'delay';

/** How a delivery went; status 0: no answer. */
export interface Delivery {
  readonly status: number;
  readonly ms: number;
}

/** Delivers letters, and again as WeChat does until they are taken. The order of letters is not kept, nor promised. */
export class Postman {
  mode: PostMode = 'on';
  delayMs = 0;
  /** Divides the pauses between repetitions. */
  timeScale = 1;
  sent = 0;
  accepted = 0;
  refused = 0;
  readonly #waiting = new Set<NodeJS.Timeout>();

  get waiting(): number {
    return this.#waiting.size;
  }

  /** Sends a letter by itself, later and repeatedly. `write` makes it anew each time: times and signatures are fresh. */
  post(write: () => Letter | undefined): void {
    if (this.mode === 'off') return;
    const delay = this.mode === 'delay' ? this.delayMs : 0;
    this.#later(delay, () => void this.#attempt(write, 0));
    if (this.mode === 'duplicate') this.#later(delay, () => void this.#attempt(write, 0));
  }

  /** Sends a letter now and tells how it went. */
  async deliver(letter: Letter, url = letter.url): Promise<Delivery> {
    const started = performance.now();
    this.sent += 1;
    try {
      const response = await fetch(url, { method: 'POST', headers: letter.headers, body: letter.body, redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) });
      await response.body?.cancel();
      if (isTaken(response.status)) this.accepted += 1;
      else this.refused += 1;
      return { status: response.status, ms: Math.round(performance.now() - started) };
    } catch {
      this.refused += 1;
      return { status: 0, ms: Math.round(performance.now() - started) };
    }
  }

  stop(): void {
    for (const timer of this.#waiting) clearTimeout(timer);
    this.#waiting.clear();
  }

  async #attempt(write: () => Letter | undefined, attempt: number): Promise<void> {
    const letter = this.mode === 'off' ? undefined : write();
    if (!letter || isTaken((await this.deliver(letter)).status)) return;
    const pause = RETRY_MS[attempt];
    if (pause !== undefined) this.#later(pause / this.timeScale, () => void this.#attempt(write, attempt + 1));
  }

  #later(ms: number, work: () => void): void {
    if (this.#waiting.size >= MOST_WAITING) return;
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      work();
    }, ms);
    this.#waiting.add(timer);
  }
}

/** The status alone decides: 200 with `code=FAIL` counts as taken (reference 5.2). */
function isTaken(status: number): boolean {
  return status === 200 || status === 204;
}
