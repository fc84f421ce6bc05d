import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startOpenAiSimulator } from '../openai-simulator.js';
import type { OpenAiSimulator } from '../openai-simulator.js';

interface Arrival {
  readonly seq: number;
  readonly atMs: number;
  readonly endMs: number;
}

let now = 0;
let simulator: OpenAiSimulator;

beforeEach(async () => {
  now = 1000;
  simulator = await startOpenAiSimulator({ clock: () => now });
});
afterEach(() => simulator.close());

async function control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(`/control/${path}`, simulator.url), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return (await response.json()) as T;
}

async function counters(key: string): Promise<Record<string, unknown>> {
  const { keys } = await control<{ keys: Record<string, Record<string, unknown>> }>('GET', `keys?key=${key}`);
  return keys[key] as Record<string, unknown>;
}

/** 6 prompt tokens and as many of the answer as asked for. */
function ask(key: string, tokens: number, more: { readonly body?: object; readonly behaviour?: object; readonly headers?: Record<string, string>; readonly signal?: AbortSignal } = {}): Promise<Response> {
  return fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'x-sim-behaviour': JSON.stringify({ tokens, firstTokenMs: 0, gapMs: 0, ...more.behaviour }), ...more.headers },
    body: JSON.stringify({ model: 'sim-chat', messages: [{ role: 'user', content: '你好吗' }], ...more.body }),
    ...(more.signal ? { signal: more.signal } : {}),
  });
}

async function statuses(...answers: Promise<Response>[]): Promise<number[]> {
  return (await Promise.all(answers)).map((answer) => answer.status);
}

describe('a limited key', () => {
  it('is told what is left, and refused with the true time to wait', async () => {
    await control('PUT', 'limits', { key: 'sk-a', requestsPerMinute: 2, tokensPerMinute: 100 });
    const first = await ask('sk-a', 14);
    expect(Object.fromEntries([...first.headers].filter(([name]) => name.startsWith('x-ratelimit-')))).toEqual({
      'x-ratelimit-limit-requests': '2',
      'x-ratelimit-remaining-requests': '1',
      'x-ratelimit-reset-requests': '1m0s',
      'x-ratelimit-limit-tokens': '100',
      'x-ratelimit-remaining-tokens': '80',
      'x-ratelimit-reset-tokens': '1m0s',
    });
    now += 1500.25;
    await ask('sk-a', 0);
    const refused = await ask('sk-a', 0);
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('retry-after-ms'), refused.headers.get('x-ratelimit-remaining-requests')]).toEqual([429, '59', '58500', '0']);
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests', message: expect.stringContaining('(RPM): Limit 2, Used 2, Requested 1. Please try again in 58500ms.') } });
    now += 58_499;
    expect(await statuses(ask('sk-a', 0))).toEqual([429]);
    now += 1;
    expect(await statuses(ask('sk-a', 0), ask('sk-b', 0))).toEqual([200, 200]);
    expect(await counters('sk-a')).toMatchObject({ accepted: 3, violated: 2, violations: { requests: 2, tokens: 0, concurrent: 0, requestsPerDay: 0 } });
  });

  it('books tokens at arrival: the real ones, or prompt and maximum', async () => {
    await control('PUT', 'limits', { key: 'sk-real', tokensPerMinute: 50 });
    await control('PUT', 'limits', { key: 'sk-most', tokensPerMinute: 50, tokens: 'max_tokens' });
    expect(await statuses(ask('sk-real', 44, { body: { max_tokens: 45 } }))).toEqual([200]);
    const refused = await ask('sk-most', 10, { body: { max_tokens: 45 } });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, null]);
    expect(await refused.json()).toMatchObject({ error: { type: 'tokens' } });
    expect(await statuses(ask('sk-most', 10, { body: { max_tokens: 44 } }))).toEqual([200]);
    expect(await counters('sk-most')).toMatchObject({ maxTokensPerMinute: 50, tokensNow: 50, acceptedTokens: 50, violations: { tokens: 1 } });
  });

  it('books what a failing answer is going to have, and nothing for a scripted 429', async () => {
    await ask('sk-a', 20, { behaviour: { status: 500 } });
    await (await ask('sk-a', 20, { behaviour: { cutWithoutDone: true, afterTokens: 4 }, body: { stream: true } })).text();
    await ask('sk-a', 20, { behaviour: { status: 429, retryAfter: 1 } });
    await ask('sk-a', 3, { behaviour: { usage: { prompt_tokens: 100, completion_tokens: 200 } } });
    const { arrivals } = await control<{ arrivals: unknown[] }>('GET', 'arrivals');
    expect(arrivals).toMatchObject([
      { tokens: 6, verdict: 'accepted' },
      { tokens: 10, verdict: 'accepted', end: 'finished', produced: 4 },
      { verdict: 'refused' },
      { tokens: 300, verdict: 'accepted' },
    ]);
    expect(await control('GET', 'counters')).toMatchObject({ violations: 0, tooManyRequests: 1 });
  });

  it('holds as many answers as it may, and gets the place back when a client leaves', async () => {
    await control('PUT', 'limits', { concurrent: 1 });
    const leave = new AbortController();
    const hanging = ask('sk-a', 9, { behaviour: { hang: 'mid', afterTokens: 2 }, body: { stream: true }, signal: leave.signal }).then((answer) => answer.text());
    await control('GET', 'counters?wait=tokens&atLeast=2');
    const refused = await ask('sk-a', 1);
    expect([refused.status, refused.headers.get('retry-after-ms')]).toEqual([429, null]);
    expect(await statuses(ask('sk-b', 1))).toEqual([200]);
    now += 40;
    await control('POST', 'mark');
    now += 7;
    leave.abort();
    await expect(hanging).rejects.toThrow('aborted');
    await control('GET', 'counters?wait=aborted&atLeast=1');
    expect(await control('GET', 'arrivals?key=sk-a&end=aborted')).toMatchObject({ arrivals: [{ atMs: -40, tokens: 8, end: 'aborted', endMs: 7, produced: 2 }] });
    expect(await statuses(ask('sk-a', 1))).toEqual([200]);
    expect(await counters('sk-a')).toMatchObject({ open: 0, maxOpen: 1, aborted: 1, finished: 1, violations: { concurrent: 1 } });
  });

  it('waits for a place as long as the plan says', async () => {
    await control('PUT', 'limits', { key: 'sk-a', concurrent: 1 });
    const slow = ask('sk-a', 3, { behaviour: { firstTokenMs: 100, gapMs: 50 }, body: { stream: true } }).then((answer) => answer.text());
    await control('GET', 'counters?wait=openStreams&atLeast=1');
    now += 20;
    expect((await ask('sk-a', 1)).headers.get('retry-after-ms')).toBe('180');
    await slow;
    expect(await statuses(ask('sk-a', 1))).toEqual([200]);
  });

  it('tells the shares of its tags', async () => {
    await ask('sk-a', 4, { headers: { 'x-sim-tag': 'red' }, body: { user: 'u-1' } });
    await ask('sk-a', 4, { behaviour: { tag: 'red' }, body: { user: 'u-1' } });
    now += 5;
    await ask('sk-a', 4, { body: { user: 'u-1' } });
    expect(await counters('sk-a')).toMatchObject({ byTag: { red: { accepted: 2, tokens: 20 }, 'u-1': { accepted: 1, tokens: 10 } }, firstArrivalMs: 0, lastArrivalMs: 5, maxRequestsPerMinute: 3 });
  });
});

describe('the state of a key', () => {
  it('is stronger than what a request asks for, and leaves other keys alone', async () => {
    await control('PUT', 'script', { next: [{ text: '队列' }] });
    await control('PUT', 'behaviours', { key: 'sk-a', behaviour: { error: 'insufficient_quota' } });
    const refused = await ask('sk-a', 5);
    expect([refused.status, await refused.json()]).toEqual([429, { error: expect.objectContaining({ code: 'insufficient_quota', type: 'insufficient_quota' }) }]);
    expect((await fetch(`${simulator.url}/models`, { headers: { authorization: 'Bearer sk-a' } })).status).toBe(429);
    expect(await statuses(ask('sk-b', 5))).toEqual([200]);
    await control('DELETE', 'behaviours?key=sk-a');
    expect(await statuses(ask('sk-a', 5))).toEqual([200]);
    expect(await counters('sk-a')).toMatchObject({ refused: 1, accepted: 1, violated: 0 });
    expect(await control('GET', 'script')).toMatchObject({ next: [{ text: '队列' }] });
  });

  it.each([
    ['429', 429, 'rate_limit_exceeded'],
    ['401', 401, 'invalid_api_key'],
    ['404', 404, 'model_not_found'],
    ['500', 500, null],
    ['503', 503, null],
    ['content_policy', 400, 'content_policy_violation'],
    ['context_length', 400, 'context_length_exceeded'],
  ])('"%s" answers %d', async (behaviour, status, code) => {
    await control('PUT', 'behaviours', { behaviour });
    const answer = await ask('sk-a', 5);
    expect([answer.status, await answer.json()]).toEqual([status, { error: expect.objectContaining({ code }) }]);
    expect((await fetch(`${simulator.url}/models`)).status).toBe(status === 400 || status === 404 ? 200 : status);
  });

  it('may hang, reset a stream, spoil it, or change by the clock', async () => {
    await control('PUT', 'behaviours', { key: 'sk-hang', behaviour: 'hang' });
    await expect(ask('sk-hang', 5, { signal: AbortSignal.timeout(50) })).rejects.toThrow('timeout');
    await control('PUT', 'behaviours', { key: 'sk-reset', behaviour: { reset: 'mid', afterTokens: 2 } });
    await expect(ask('sk-reset', 5, { body: { stream: true } }).then((answer) => answer.text())).rejects.toThrow('terminated');
    await control('PUT', 'behaviours', { key: 'sk-bad', behaviour: 'malformed' });
    expect(await (await ask('sk-bad', 5, { body: { stream: true } })).text()).toContain('"content":"\n');
    await control('PUT', 'behaviours', { key: 'sk-a', schedule: [{ atMs: 100, behaviour: '503' }, { atMs: 200, behaviour: 'ok' }] });
    const seen: number[] = [];
    for (const stepMs of [0, 99, 1, 99, 1]) {
      now += stepMs;
      seen.push(...(await statuses(ask('sk-a', 1))));
    }
    expect(seen).toEqual([200, 200, 503, 503, 200]);
  });
});

describe('the control endpoints', () => {
  it('refuse what cannot be meant', async () => {
    const message = async (path: string, body: unknown): Promise<string> => (await control<{ error: { message: string } }>('PUT', path, body)).error.message;
    expect(await message('limits', { key: 'sk-a', rpm: 3 })).toBe('Unknown limit "rpm".');
    expect(await message('limits', { requestsPerMinute: '3' })).toContain('"requestsPerMinute" must be an integer');
    expect(await message('limits', { tokens: 'most' })).toContain('actual | max_tokens');
    expect(await message('limits', { key: 7 })).toContain('"key" must be a string');
    expect(await message('behaviours', { behaviour: 'sleepy' })).toContain('insufficient_quota');
    expect(await control('GET', 'arrivals?after=x')).toHaveProperty('error');
  });

  it('show limits by key, page through arrivals, and forget all but the settings', async () => {
    expect(await control('PUT', 'limits', { requestsPerMinute: 1 })).toEqual({ all: { requestsPerMinute: 1 }, keys: {} });
    expect(await control('PUT', 'limits', { key: 'sk-a', concurrent: 9 })).toMatchObject({ keys: { 'sk-a': { concurrent: 9 } } });
    await ask('sk-a', 1);
    await ask('sk-a', 1);
    const { arrivals } = await control<{ arrivals: Arrival[] }>('GET', 'arrivals?limit=1');
    expect(arrivals.map((arrival) => arrival.seq)).toEqual([0]);
    expect(await control('GET', 'arrivals?after=0')).toMatchObject({ dropped: 0, arrivals: [{ seq: 1, key: 'sk-a' }] });
    await control('DELETE', 'keys');
    expect(await control('GET', 'arrivals')).toMatchObject({ arrivals: [] });
    expect(await counters('sk-a')).toMatchObject({ accepted: 0, finished: 0, limits: { concurrent: 9 } });
    expect(await control('DELETE', 'limits')).toEqual({ all: null, keys: {} });
  });

  it('do not show a key that they were not told', async () => {
    await ask('sk-hush', 1);
    const text = JSON.stringify([await control('GET', 'keys'), await control('GET', 'arrivals')]);
    expect(text).toContain('sha256:');
    expect(text).not.toContain('sk-hush');
    expect(await counters('sk-hush')).toMatchObject({ accepted: 1 });
  });
});
