/** Where the lines go: the terminal, or a test. */
export type Print = (line: string) => void;

const NAME_COLUMNS = 24;

/** The start as a list of lines, one for each step, with its time. */
export class Steps {
  constructor(private readonly print: Print) {}

  /**
   * Runs a step and prints `✓ name  detail  1.2 s` when it is done, `✗ name`
   * when it fails. `work` gives the detail and its result.
   */
  async run<T>(name: string, work: () => Promise<{ readonly detail: string; readonly value: T }>): Promise<T> {
    const begin = performance.now();
    try {
      const { detail, value } = await work();
      this.print(stepLine('✓', name, detail, performance.now() - begin));
      return value;
    } catch (error) {
      this.print(stepLine('✗', name, '', performance.now() - begin));
      throw error;
    }
  }

  /** A line between the steps, such as why one takes longer than usual. */
  note(text: string): void {
    this.print(`  · ${text}`);
  }
}

/** One aligned line; `ms` is shown in seconds. */
export function stepLine(mark: '✓' | '✗', name: string, detail: string, ms: number): string {
  return `  ${mark} ${padTo(name, NAME_COLUMNS)}  ${padTo(detail, 36)}  ${(ms / 1000).toFixed(1)} s`.trimEnd();
}

/** Columns on a terminal: Han characters and full-width signs take two. */
export function columns(text: string): number {
  let width = 0;
  for (const character of text) width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/u.test(character) ? 2 : 1;
  return width;
}

function padTo(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}
