const BAR_WIDTH = 30;
const REDRAW_MS = 100;

/** Shows how far a long work is: a bar that is redrawn on a terminal, a line at every tenth elsewhere. */
export class ProgressDisplay {
  private drawnAt = -REDRAW_MS;
  private tenth = 0;

  constructor(private readonly out: { readonly isTTY?: boolean; write(text: string): unknown }) {}

  /** `share` from 0 to 1; `label` says what is at hand. */
  show(share: number, label: string): void {
    if (this.out.isTTY === true) this.draw(share, label);
    else this.line(share, label);
  }

  private draw(share: number, label: string): void {
    const at = performance.now();
    if (share < 1 && at - this.drawnAt < REDRAW_MS) return;
    this.drawnAt = at;
    const filled = Math.round(share * BAR_WIDTH);
    const end = share >= 1 ? '\n' : '';
    this.out.write(`\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${percent(share)} ${share >= 1 ? '' : label}${end}`);
  }

  private line(share: number, label: string): void {
    const tenth = Math.floor(share * 10);
    if (tenth <= this.tenth) return;
    this.tenth = tenth;
    this.out.write(`${percent(share)} ${label}\n`);
  }
}

function percent(share: number): string {
  return `${Math.floor(share * 100)}%`.padStart(4);
}
