import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 30_000;

/** The first line of a process's output that matches. Rejects when the process ends, or says nothing of the kind for 30 s. */
export function lineOf(child: ChildProcess, matches: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const { stdout } = child;
    if (stdout === null) throw new Error('the output of the process is not piped');
    const timer = setTimeout(() => settle(() => reject(new Error('the process did not say what was awaited'))), PATIENCE_MS);
    const lines = createInterface({ input: stdout });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      child.off('exit', ended);
      act();
    };
    const ended = (): void => settle(() => reject(new Error('the process ended before it said what was awaited')));
    child.once('exit', ended);
    // Keeps reading after the match, so that the pipe never fills.
    lines.on('line', (line) => {
      if (matches(line)) settle(() => resolve(line));
    });
  });
}
