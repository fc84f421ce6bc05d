import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf, type SseEvent } from '../kit/sse-reader.js';
import { scripted, upstreamCounters, type Behaviour } from '../kit/upstream-script.js';

let platform: Platform;
let user: TestUser;

beforeAll(async () => {
  // What one call becomes is tried here, one failure after the other on a single channel: nothing is to rest in between.
  platform = await Platform.start({ env: { UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '700', UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS: '500', UPSTREAM_CONNECT_TIMEOUT_MS: '500', UPSTREAM_BREAKER_FAILURES: '1000' } });
  user = await logIn(platform, await makeTenant(platform, await admin(platform)));
});
afterAll(async () => platform.stop());

async function ask(behaviour: Behaviour): Promise<{ readonly events: readonly SseEvent[]; readonly answer: Record<string, unknown> }> {
  const conversation = await makeConversation(platform.api, user);
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted(behaviour) } });
  const events = await stream.all();
  const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
  return { events, answer: data[0] };
}

const lastOf = (events: readonly SseEvent[]) => ({ event: events.at(-1)?.event, code: events.at(-1)?.data.code });

describe('an upstream that fails', () => {
  it.each([
    ['says 429 and when to come back', { status: 429, retryAfterMs: 200, failTimes: 1 }],
    ['fails twice with 500', { status: 500, failTimes: 2 }],
    ['fails with HTML', { status: 503, html: true, failTimes: 1 }],
  ])('is asked again when it %s', async (_, behaviour) => {
    const { events, answer } = await ask({ text: '终于好了', ...behaviour });
    expect(wordsOf(events)).toBe('终于好了');
    expect(answer).toMatchObject({ state: 'complete' });
  });

  it.each([
    ['keeps failing with 500', { status: 500 }],
    ['refuses our key', { status: 401 }],
    ['hangs before its headers', { hang: 'before-headers' }],
    ['hangs before the first word', { hang: 'before-first-token' }],
    ['resets before its headers', { reset: 'before-headers' }],
    ['sends what is not JSON', { malformed: true }],
  ])('gives a clear error, and no words, when it %s', async (_, behaviour) => {
    const { events, answer } = await ask({ tokens: 5, ...behaviour });
    expect(lastOf(events)).toEqual({ event: 'error', code: 'upstream_error' });
    expect(wordsOf(events)).toBe('');
    expect(answer).toMatchObject({ state: 'failed', error_code: 'upstream_error', content: '' });
  }, 20_000);

  it.each([
    ['hangs', { hang: 'mid', afterTokens: 4 }],
    ['resets', { reset: 'mid', afterTokens: 4 }],
    ['is cut without an end', { cutWithoutDone: true, afterTokens: 4 }],
  ])('keeps the words that came when it %s in the middle', async (_, behaviour) => {
    const { events, answer } = await ask({ tokens: 50, gapMs: 5, ...behaviour });
    expect(lastOf(events)).toEqual({ event: 'error', code: 'upstream_error' });
    expect(wordsOf(events).length).toBeGreaterThan(0);
    expect(answer).toMatchObject({ state: 'failed', content: wordsOf(events) });
  });

  it('never shows its own words for an error', async () => {
    const { events } = await ask({ tokens: 5, inStreamError: true });
    expect(lastOf(events)).toEqual({ event: 'error', code: 'upstream_error' });
    expect(JSON.stringify(events.at(-1)?.data.message)).not.toMatch(/simulat/i);
  });

  it('is counted by us when it does not count, or cannot be right', async () => {
    const absent = await ask({ text: '一共八个字的回答', usage: 'absent' });
    const absurd = await ask({ text: '一共八个字的回答', usage: { prompt_tokens: 1, completion_tokens: 9_000_000 } });
    const tokens = absent.events.at(-1)?.data.usage.completion_tokens;
    expect(tokens).toBeGreaterThan(0);
    expect(tokens).toBeLessThan(20);
    expect(absurd.events.at(-1)?.data.usage.completion_tokens).toBe(tokens);
  });

  it.each([['bytes split inside characters', { splitUtf8: true }], ['CRLF line ends', { lineEnd: 'crlf' }], ['comments', { comments: true }], ['half characters', { loneSurrogates: true }], ['reasoning before the answer', { reasoning: true }]])(
    'is read right with %s', async (_, behaviour) => {
      const text = '汉字😀与𠮷野家，👨‍👩‍👧。';
      const { events, answer } = await ask({ text, ...behaviour });
      expect(wordsOf(events)).toBe(text);
      expect(answer).toMatchObject({ content: text, state: 'complete' });
    });

  it('says length when the answer was cut by its bound', async () => {
    const { events } = await ask({ tokens: 5, finishReason: 'length' });
    expect(events.at(-1)?.data.finish_reason).toBe('length');
  });

  it('is left within moments of a stop', async () => {
    const before = (await upstreamCounters(platform))['aborted'] ?? 0;
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 100, gapMs: 400 }) } });
    await stream.until((event) => event.event === 'delta');
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    const counters = await upstreamCounters(platform, `?wait=aborted&atLeast=${before + 1}&timeoutMs=5000`);
    expect(counters['aborted']).toBe(before + 1);
  });
});
