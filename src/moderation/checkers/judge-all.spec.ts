import { describe, expect, it } from 'vitest';
import type { Finding } from './checker.js';
import { judgeAll } from './judge-all.js';

const finding = (suggests: Finding['suggests'], label = 'x'): Finding => ({ suggests, label, version: 'v' });
const never = new AbortController().signal;
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

describe('judgeAll', () => {
  it('asks about four at a time, about all, and gives the worst', async () => {
    let open = 0;
    let most = 0;
    const asked: string[] = [];
    const found = await judgeAll(words(11), async (content) => {
      asked.push(content);
      most = Math.max(most, (open += 1));
      await new Promise(setImmediate);
      open -= 1;
      return finding(content === '7' ? 'review' : 'pass', content);
    }, never);
    expect([most, asked.length, found]).toEqual([4, 11, finding('review', '7')]);
  });

  it('keeps what WeChat calls the check that passes', async () => {
    expect(await judgeAll(['a'], async () => ({ ...finding('pass'), traceId: 't' }), never)).toMatchObject({ traceId: 't' });
    expect(await judgeAll([], async () => finding('block'), never)).toMatchObject({ suggests: 'pass', label: 'normal' });
  });

  it('ends the rest when one is to be blocked', async () => {
    const asked: string[] = [];
    const found = await judgeAll(words(20), async (content, signal) => {
      asked.push(content);
      if (content === '1') return finding('block');
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))));
    }, never);
    expect([found.suggests, asked.length]).toEqual(['block', 4]);
  });

  it('fails when one fails, and begins no more', async () => {
    const asked: string[] = [];
    const judged = judgeAll(words(20), async (content) => {
      asked.push(content);
      if (content === '2') throw new Error('it fails');
      return finding('pass');
    }, never);
    await expect(judged).rejects.toThrow('it fails');
    expect(asked.length).toBeLessThan(20);
  });

  it('blocks although another one failed', async () => {
    const found = await judgeAll(['a', 'b'], async (content) => {
      if (content === 'a') throw new Error('it fails');
      await new Promise(setImmediate);
      return finding('block');
    }, never);
    expect(found.suggests).toBe('block');
  });

  it('ends with its caller', async () => {
    const control = new AbortController();
    const judged = judgeAll(words(3), (_, signal) => new Promise((__, reject) => signal.addEventListener('abort', () => reject(new Error('inner')))), control.signal);
    control.abort(new Error('the caller left'));
    await expect(judged).rejects.toThrow('the caller left');
  });
});
