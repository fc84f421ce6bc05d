/** A change smaller than this share is not worth telling. */
const TOLERANCE = 0.25;
/** Weight of the newest second in the average. */
const WINDOW_MS = 1_000;

/**
 * The typing speed that a client should draw with, from how fast the words are
 * really produced: characters per second, smoothed, told only when it changes
 * noticeably.
 */
export class PaceMeter {
  private rate = 0;
  private told = 0;
  private firstAt: number | undefined;
  private lastAt = 0;
  private pending = 0;

  /** Notes `characters` produced at `atMs`; answers the new hint, or undefined where the former still holds. */
  observe(characters: number, atMs: number): number | undefined {
    this.firstAt ??= atMs;
    this.pending += characters;
    const elapsed = atMs - Math.max(this.firstAt, this.lastAt);
    if (elapsed < 100) return undefined;
    const present = (this.pending / elapsed) * 1000;
    const weight = this.rate === 0 ? 1 : Math.min(1, elapsed / WINDOW_MS);
    this.rate += (present - this.rate) * weight;
    this.pending = 0;
    this.lastAt = atMs;
    const hint = Math.max(1, Math.round(this.rate));
    if (Math.abs(hint - this.told) <= this.told * TOLERANCE) return undefined;
    this.told = hint;
    return hint;
  }
}
