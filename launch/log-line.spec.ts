import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LogFile } from './log-file.js';
import { LineCutter, shorten } from './log-line.js';

describe('a log line on the terminal', () => {
  it('is shown from warnings on, shortened', () => {
    expect(shorten('{"level":"info","msg":"fine"}')).toBeUndefined();
    expect(shorten('{"level":"warn","role":"all","msg":"queue is long"}')).toBe('[warn] queue is long');
    expect(shorten('{"level":50,"msg":"lost","err":{"message":"ECONNRESET"}}')).toBe('[error] lost: ECONNRESET');
    expect(shorten(`{"level":"error","msg":"${'x'.repeat(500)}"}`)).toHaveLength(200);
  });

  it('is not raised by a message that speaks of a level', () => {
    expect(shorten(`{"level":"info","role":"all","pid":1,"msg":"${' '.repeat(200)}\\"level\\":\\"error\\","}`)).toBeUndefined();
  });

  it('passes on what is no JSON, and a broken line', () => {
    expect(shorten('Error: boom')).toBe('Error: boom');
    expect(shorten('{"level":"error",')).toBe('{"level":"error",');
    expect(shorten('   ')).toBeUndefined();
  });
});

describe('LineCutter', () => {
  it('cuts inside UTF-8 characters without harm, and bounds an endless line', () => {
    const cutter = new LineCutter(8);
    const bytes = Buffer.from('你好\n百聊');
    const lines = [...bytes].flatMap((byte) => cutter.push(Uint8Array.of(byte)));
    expect([...lines, ...cutter.end()]).toEqual(['你好', '百聊']);
    expect([...cutter.push(Buffer.from('x'.repeat(100))), ...cutter.end()]).toEqual(['x'.repeat(8)]);
  });
});

describe('LogFile', () => {
  it('keeps two files of a bounded size', () => {
    const folder = mkdtempSync(join(tmpdir(), 'log-'));
    try {
      const path = join(folder, 'app.log');
      const log = new LogFile(path, 300_000);
      for (let count = 0; count < 30; count++) log.write('x'.repeat(49_999) + '\n');
      log.write('last\n');
      log.close();
      expect(readFileSync(path, 'utf8').endsWith('last\n')).toBe(true);
      expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThan(1_200_000);
      expect(statSync(path).mode & 0o777).toBe(0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
