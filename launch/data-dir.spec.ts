import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataDir } from './data-dir.js';
import { LaunchError } from './launch-error.js';
import { identify } from './running.js';

describe('the data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'data-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is one start\'s own until released', () => {
    const first = openDataDir(join(folder, 'a', 'b'));
    expect(() => openDataDir(first.path)).toThrow(String(process.pid));
    first.release();
    openDataDir(first.path).release();
    expect(existsSync(join(first.path, 'launcher.json'))).toBe(false);
  });

  it('takes over from a start that is gone, also when its id was given anew', () => {
    const lock = join(folder, 'launcher.json');
    for (const stale of [JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }), JSON.stringify({ ...identify(process.pid), started: 'other' }), '{"pid":', '']) {
      writeFileSync(lock, stale);
      openDataDir(folder).release();
    }
    expect(existsSync(lock)).toBe(false);
  });

  it('says so when it cannot be written', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => openDataDir(file)).toThrow(LaunchError);
    expect(() => openDataDir(join(file, 'below'))).toThrow(LaunchError);
    expect(() => openDataDir('/proc/none/below')).toThrow(LaunchError);
  });
});
