import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProcessIdentity, endProcess, identify, isSame } from './running.js';

/**
 * The app and the simulators of a start, noted in the data folder. They end by
 * themselves when the launcher is killed; one that still drains its streams
 * would hold the port of the next start.
 */
export class LeftOvers {
  private readonly path: string;
  private readonly noted: ProcessIdentity[] = [];

  constructor(dataDir: string) {
    this.path = join(dataDir, 'children.json');
  }

  /** Ends what a killed start left behind. Gives how many there were. */
  async end(): Promise<number> {
    const alive = this.read().filter(isSame);
    for (const { pid } of alive) await endProcess(pid, [{ signal: 'SIGTERM', patienceMs: 5_000 }, { signal: 'SIGKILL', patienceMs: 5_000 }]);
    this.write();
    return alive.length;
  }

  note(pid: number): void {
    this.noted.push(identify(pid));
    this.write();
  }

  private write(): void {
    writeFileSync(`${this.path}.part`, JSON.stringify(this.noted));
    renameSync(`${this.path}.part`, this.path);
  }

  private read(): ProcessIdentity[] {
    try {
      const noted = JSON.parse(readFileSync(this.path, 'utf8')) as Partial<ProcessIdentity>[];
      return noted.flatMap(({ pid, started }) => (typeof pid === 'number' && typeof started === 'string' && started !== '' ? [{ pid, started }] : []));
    } catch {
      return [];
    }
  }
}
