import { closeSync, openSync, writeSync } from 'node:fs';
import { rotate } from './server-process.js';

const CHECK_EVERY_BYTES = 262_144;

/** A log of bounded size: two files of at most `bytes` each. Written synchronously, so that a burst is held back and not buffered. */
export class LogFile {
  private file: number;
  private unchecked = 0;

  constructor(readonly path: string, private readonly bytes = 16 * 1024 * 1024) {
    rotate(path, bytes);
    this.file = openSync(path, 'a', 0o600);
  }

  /** Appends; a full disk must not end the service, so a failure is dropped. */
  write(chunk: Uint8Array | string): void {
    try {
      writeSync(this.file, typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    } catch {
      return;
    }
    this.unchecked += chunk.length;
    if (this.unchecked < CHECK_EVERY_BYTES) return;
    this.unchecked = 0;
    if (!rotate(this.path, this.bytes)) return;
    closeSync(this.file);
    this.file = openSync(this.path, 'a', 0o600);
  }

  close(): void {
    closeSync(this.file);
  }
}
