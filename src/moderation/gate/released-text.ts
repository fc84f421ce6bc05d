import { Windows, type GateWindow } from './windows.js';

/**
 * The text that has passed the word lists, on its way to the eye. In `swift` mode it is released at once; in `strict`
 * mode when the window that it is in has passed, windows in their order. Pure.
 */
export class ReleasedText {
  private readonly windows = new Windows();
  /** Windows that are asked about and not released, in order. */
  private readonly open: { readonly window: GateWindow; passed: boolean }[] = [];
  private held = '';
  private units = 0;

  /** @param judged whether windows are judged at all. */
  constructor(private readonly mode: 'strict' | 'swift', private readonly judged: boolean) {}

  /** UTF-16 units that were released. */
  get length(): number {
    return this.units;
  }

  /** Windows that are under judgement. */
  get openWindows(): number {
    return this.open.length;
  }

  /** Whether there is text that is in no window yet. */
  get waiting(): boolean {
    return this.judged && this.windows.waiting;
  }

  /** @returns what may be shown now, and the windows to ask about. */
  add(text: string): { readonly released: string; readonly ask: readonly GateWindow[] } {
    const ask = this.judged ? this.windows.add(text) : [];
    this.open.push(...ask.map((window) => ({ window, passed: false })));
    return { released: this.offer(text), ask };
  }

  /** The text has ended, or has waited long enough: the rest is a window of its own. */
  rest(): readonly GateWindow[] {
    const rest = this.judged ? this.windows.rest() : undefined;
    if (rest === undefined) return [];
    this.open.push({ window: rest, passed: false });
    return [rest];
  }

  /** A window passed. @returns what may be shown now. */
  pass(window: GateWindow): string {
    const entry = this.open.find((each) => each.window === window);
    if (entry !== undefined) entry.passed = true;
    let to = this.units;
    while (this.open[0]?.passed) to = this.open.shift()?.window.to ?? to;
    if (this.mode === 'swift') return '';
    const released = this.held.slice(0, Math.max(0, to - this.units));
    this.held = this.held.slice(released.length);
    this.units += released.length;
    return released;
  }

  /**
   * A window failed. @returns how many units stay: in strict mode all that were released; in swift mode those before
   * the first window that has not passed, which may be an earlier one that nobody has judged yet.
   */
  fail(window: GateWindow): number {
    return this.mode === 'strict' ? this.units : Math.min(window.from, this.open[0]?.window.from ?? window.from, this.units);
  }

  private offer(text: string): string {
    if (this.mode === 'strict' && this.judged) {
      this.held += text;
      return '';
    }
    this.units += text.length;
    return text;
  }
}
