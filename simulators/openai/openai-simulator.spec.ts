import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { startOpenAiSimulator } from './openai-simulator.js';
import type { OpenAiSimulator } from './openai-simulator.js';
import type { Behaviour } from './behaviour.js';

interface Chunk {
  readonly id: string;
  readonly choices: { readonly delta: { readonly role?: string; readonly content?: string; readonly reasoning_content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number } | null;
  readonly error?: { readonly code: string };
}
interface Completion {
  readonly choices: { readonly message: { readonly content: string; readonly reasoning_content?: string }; readonly finish_reason: string }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
  readonly error?: { readonly code: string | null; readonly type: string; readonly param: string | null };
}

let simulator: OpenAiSimulator;

beforeAll(async () => {
  simulator = await startOpenAiSimulator();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await control('DELETE', 'script');
  await control('DELETE', 'counters');
});

async function control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(new URL(`/control/${path}`, simulator.url), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return (await response.json()) as T;
}

const QUICK = { firstTokenMs: 0, gapMs: 0 };

/** A header carries ASCII only, so the JSON escapes the rest. */
function headerOf(behaviour: Behaviour): string {
  return JSON.stringify({ ...QUICK, ...behaviour }).replaceAll(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function chat(behaviour: Behaviour | undefined, body: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${simulator.url}/chat/completions`, {
    method: 'POST',
    headers: { ...(behaviour ? { 'x-sim-behaviour': headerOf(behaviour) } : {}) },
    body: JSON.stringify({ model: 'sim-chat', messages: [{ role: 'user', content: '你好，西湖怎么走？' }], ...body }),
    ...(signal ? { signal } : {}),
  });
}

async function whole(behaviour: Behaviour | undefined, body: Record<string, unknown> = {}): Promise<Completion> {
  return (await (await chat(behaviour, body)).json()) as Completion;
}

async function streamed(behaviour: Behaviour, body: Record<string, unknown> = {}): Promise<string> {
  return (await chat(behaviour, { stream: true, ...body })).text();
}

function chunksOf(text: string): Chunk[] {
  return text.split(/\r?\n\r?\n/u).filter((frame) => frame.startsWith('data: {')).map((frame) => JSON.parse(frame.slice(6)) as Chunk);
}

function contentOf(text: string): string {
  return chunksOf(text).map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
}

describe('a streamed answer', () => {
  it('comes as chunks with one id, a finish reason, the usage when asked for, and [DONE]', async () => {
    const response = await chat({ text: '百聊😀' }, { stream: true, stream_options: { include_usage: true } });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('x-simulator')).toBe('bailiao-openai-simulator');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    const text = await response.text();
    const chunks = chunksOf(text);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta)).toEqual([{ role: 'assistant', content: '', refusal: null }, { content: '百聊' }, { content: '😀' }, {}, undefined]);
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason)).toEqual([null, null, null, 'stop', undefined]);
    expect(chunks.map((chunk) => chunk.usage?.completion_tokens)).toEqual([undefined, undefined, undefined, undefined, 2]);
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('keeps its pace: first token, gaps', async () => {
    const begun = performance.now();
    await streamed({ tokens: 4, firstTokenMs: 60, gapMs: 20 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(115);
  });

  it('says what it is, quotes the question and counts the messages', async () => {
    const messages = [{ role: 'system', content: '说中文' }, { role: 'user', content: [{ type: 'text', text: '断桥在哪里？' }] }];
    const [chinese, english] = [await whole({}, { messages }), await whole({}, { messages: [{ role: 'user', content: 'Where is the bridge?' }] })];
    expect(chinese.choices[0]?.message.content).toMatch(/^我是模拟模型[\s\S]*断桥在哪里？[\s\S]*/u);
    expect(chinese.choices[0]?.message.content).toContain('2条消息');
    expect(chinese.usage?.prompt_tokens).toBe(4 + 2 + 4 + 3);
    expect(chinese.usage?.completion_tokens).toBeGreaterThan(60);
    expect(english.choices[0]?.message.content).toContain('Where is the bridge?');
    expect(await whole({}, { messages })).toMatchObject({ choices: chinese.choices });
  });

  it('is cut by max_tokens and max_completion_tokens with the reason "length"', async () => {
    const short = await streamed({ tokens: 20 }, { max_tokens: 5, stream_options: { include_usage: true } });
    expect(chunksOf(short).at(-1)?.usage?.completion_tokens).toBe(5);
    expect(chunksOf(short).at(-2)?.choices[0]?.finish_reason).toBe('length');
    expect(await whole({ tokens: 20 }, { max_completion_tokens: 3 })).toMatchObject({ usage: { completion_tokens: 3 }, choices: [{ finish_reason: 'length' }] });
  });

  it('is the same bytes when it is split inside characters', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), async (answer) => {
        const [plain, split] = await Promise.all([streamed({ text: answer }), streamed({ text: answer, splitUtf8: true })]);
        const anonymous = (text: string): string => text.replaceAll(/"id":"[^"]*","object":"chat.completion.chunk","created":\d+/gu, '');
        expect(anonymous(split)).toBe(anonymous(plain));
        expect(contentOf(split)).toBe(answer);
      }),
      { numRuns: 15 },
    );
  });

  it('reaches the client in pieces that cut characters when splitUtf8 is set', async () => {
    const parts = await rawParts({ text: '百聊百聊', splitUtf8: true });
    expect(parts.map((part) => part.toString('utf8')).join('')).toContain('\ufffd');
    expect(contentOf(Buffer.concat(parts).toString('utf8'))).toBe('百聊百聊');
  });

  it('may end lines with CRLF, carry comments, thoughts, halves of pairs, other usage and another reason', async () => {
    expect(await streamed({ tokens: 1, lineEnd: 'crlf' })).toMatch(/\}\r\n\r\ndata: \[DONE\]\r\n\r\n$/u);
    expect((await streamed({ tokens: 3, comments: true })).match(/^: keep-alive$/gmu)).toHaveLength(3);
    const thoughts = chunksOf(await streamed({ text: '好', reasoning: true })).map((chunk) => chunk.choices[0]?.delta);
    expect(thoughts[1]).toHaveProperty('reasoning_content');
    expect(thoughts.at(-2)).toEqual({ content: '好' });
    const halves = await streamed({ text: 'a😀', loneSurrogates: true });
    expect(halves).toContain('"content":"\\ud83d"');
    expect(contentOf(halves)).toBe('a😀');
    const asked = { stream_options: { include_usage: true } };
    expect(chunksOf(await streamed({ tokens: 1, usage: { prompt_tokens: 7, completion_tokens: 9 } }, asked)).at(-1)?.usage).toMatchObject({ prompt_tokens: 7, completion_tokens: 9 });
    expect(chunksOf(await streamed({ tokens: 1, usage: 'absent' }, asked)).at(-1)?.usage).toBeNull();
    expect(chunksOf(await streamed({ tokens: 1, finishReason: 'content_filter' })).at(-1)?.choices[0]?.finish_reason).toBe('content_filter');
  });
});

describe('a fault', () => {
  it('is an error status with retry headers, as JSON or HTML', async () => {
    const limited = await chat({ status: 429, retryAfter: 2, retryAfterMs: 1500 });
    expect([limited.status, limited.headers.get('retry-after'), limited.headers.get('retry-after-ms')]).toEqual([429, '2', '1500']);
    expect(await limited.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', type: 'requests' } });
    const page = await chat({ status: 502, html: true });
    expect([page.status, page.headers.get('content-type')]).toEqual([502, 'text/html']);
    expect((await whole({ status: 401 })).error?.code).toBe('invalid_api_key');
    expect(await control('GET', 'counters?wait=finished&atLeast=3')).toMatchObject({ tooManyRequests: 1, finished: 3 });
  });

  it('strikes in the middle of a stream: cut, error frame, line that is no JSON', async () => {
    const cut = await streamed({ tokens: 9, cutWithoutDone: true, afterTokens: 2 });
    expect([chunksOf(cut).length, cut.includes('[DONE]')]).toEqual([3, false]);
    const failed = await streamed({ tokens: 9, inStreamError: true, afterTokens: 0 });
    expect(chunksOf(failed).at(-1)?.error?.code).toBe('server_error');
    const garbled = await streamed({ tokens: 9, malformed: true });
    expect(() => chunksOf(garbled)).toThrow(SyntaxError);
    expect(garbled.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('resets the connection before the headers or in the middle', async () => {
    await expect(chat({ reset: 'before-headers' })).rejects.toThrow('fetch failed');
    for (const splitUtf8 of [false, true]) {
      const response = await chat({ tokens: 9, reset: 'mid', afterTokens: 2, splitUtf8 }, { stream: true });
      await expect(response.text()).rejects.toThrow('terminated');
    }
    expect(await control('GET', 'counters?wait=broken&atLeast=3')).toMatchObject({ broken: 3, aborted: 0, tokens: 4 });
  });

  it.each(['before-headers', 'before-first-token', 'mid'] as const)('hangs %s until the client leaves, which counts as aborted', async (hang) => {
    const leave = new AbortController();
    const answer = chat({ tokens: 9, hang, afterTokens: 2, splitUtf8: hang === 'mid' }, { stream: true }, leave.signal).then((response) => response.text());
    await control('GET', hang === 'mid' ? 'counters?wait=tokens&atLeast=2' : 'counters?wait=openRequests&atLeast=1');
    leave.abort();
    await expect(answer).rejects.toThrow('aborted');
    const counters = await control('GET', 'counters?wait=aborted&atLeast=1');
    expect(counters).toMatchObject({ aborted: 1, finished: 0, openRequests: 0, openStreams: 0, abortedRequests: [{ tokens: hang === 'mid' ? 2 : 0 }] });
  });

  it('cuts an answer in one piece, too', async () => {
    await expect(whole({ malformed: true })).rejects.toThrow(SyntaxError);
    await expect(whole({ reset: 'mid' })).rejects.toThrow('terminated');
    expect((await chat({ inStreamError: true })).status).toBe(500);
  });

  it('strikes failTimes times, wherever it was scripted', async () => {
    const statuses = async (): Promise<number[]> => [(await chat(undefined)).status, (await chat(undefined)).status, (await chat(undefined)).status];
    await control('PUT', 'script', { default: { ...QUICK, failTimes: 2, status: 503 } });
    expect(await statuses()).toEqual([503, 503, 200]);
    await control('PUT', 'script', { default: QUICK, next: [{ failTimes: 1 }, { status: 429 }] });
    expect(await statuses()).toEqual([500, 200, 429]);
    const own = async (): Promise<number> => (await chat({ failTimes: 1, status: 500 })).status;
    expect([await own(), await own()]).toEqual([500, 200]);
  });
});

describe('the script', () => {
  it('gives the queue to plain requests only, one each, over the model\'s name and the default', async () => {
    await control('PUT', 'script', { default: { ...QUICK, text: '默认' }, next: [{ text: '其一' }, { text: '其二' }] });
    const text = async (content: string): Promise<string | undefined> => (await whole(undefined, { messages: [{ role: 'user', content }] })).choices[0]?.message.content;
    expect([await text('a'), await text('b [[sim {"text":"自带"}]]'), await text('c'), await text('d')]).toEqual(['其一', '自带', '其二', '默认']);
  });

  it('is refused when it cannot be meant', async () => {
    expect(await control('PUT', 'script', { default: { token: 3 } })).toEqual({ error: { message: 'Unknown behaviour field "token".' } });
    expect(await control('PUT', 'script', { nxt: [] })).toEqual({ error: { message: 'Unknown script field "nxt".' } });
    expect((await whole(undefined, { messages: [{ role: 'user', content: '[[sim {"gapMs":"0"}]]' }] })).error?.code).toBe('simulator_bad_behaviour');
  });

  it('remembers what was sent, without the key', async () => {
    await fetch(`${simulator.url}/chat/completions`, { method: 'POST', headers: { authorization: 'Bearer sk-hush' }, body: JSON.stringify({ model: 'sim-fast', messages: [{ role: 'user', content: '记住' }] }) });
    const counters = await control('GET', 'counters?wait=finished&atLeast=1');
    expect(counters).toMatchObject({ started: 1, finished: 1, maxConcurrent: 1, requests: [{ path: '/v1/chat/completions', body: { model: 'sim-fast' } }] });
    expect(JSON.stringify(counters)).not.toContain('sk-hush');
    expect((await fetch(new URL('/control/counters?wait=aborted&atLeast=1&timeoutMs=1', simulator.url))).status).toBe(408);
  });
});

describe('a client', () => {
  it('that does not read holds the stream up instead of filling memory', async () => {
    const tokens = 200_000;
    const request = httpRequest(`${simulator.url}/chat/completions`, { method: 'POST', headers: { 'x-sim-behaviour': headerOf({ tokens }) } });
    request.end(JSON.stringify({ model: 'sim-chat', stream: true, messages: [{ role: 'user', content: '很多' }] }));
    const response = await new Promise<NodeJS.ReadableStream>((resolve) => request.once('response', resolve));
    response.pause();
    await control('GET', 'counters?wait=tokens&atLeast=64');
    const stalled = await control<{ tokens: number }>('GET', 'counters');
    expect(stalled.tokens).toBeLessThan(tokens / 2);
    request.once('error', () => undefined);
    request.destroy();
    expect(await control('GET', 'counters?wait=aborted&atLeast=1')).toMatchObject({ aborted: 1, openStreams: 0 });
  });

  it('needs the key where one is set', async () => {
    const guarded = await startOpenAiSimulator({ apiKey: 'sk-right' });
    try {
      const status = async (key: string): Promise<number> => (await fetch(`${guarded.url}/models`, { headers: { authorization: `Bearer ${key}` } })).status;
      expect([await status('sk-wrong'), await status('sk-right')]).toEqual([401, 200]);
    } finally {
      await guarded.close();
    }
  });

  it('is told in OpenAI\'s shape what is wrong with its request', async () => {
    const error = async (body: unknown): Promise<unknown> => {
      const response = await fetch(`${simulator.url}/chat/completions`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
      return [response.status, ((await response.json()) as Completion).error?.param];
    };
    expect(await error('{')).toEqual([400, null]);
    expect(await error({ messages: [] })).toEqual([400, 'model']);
    expect(await error({ model: 'm', messages: [] })).toEqual([400, 'messages']);
    expect(await error({ model: 'm', messages: [{ role: 'user', content: 1 }] })).toEqual([400, 'messages[0].content']);
    expect(await error({ model: 'm', messages: [{ role: 'user', content: '' }], max_tokens: 0 })).toEqual([400, 'max_tokens']);
    expect((await whole(undefined, { model: 'missing-1' })).error?.code).toBe('model_not_found');
    expect((await fetch(`${simulator.url}/nothing`)).status).toBe(404);
  });
});

describe('the other endpoints', () => {
  async function post<T = Record<string, unknown>>(path: string, body: unknown): Promise<T> {
    return (await (await fetch(`${simulator.url}/${path}`, { method: 'POST', body: JSON.stringify(body) })).json()) as T;
  }

  it('lists models', async () => {
    expect(await (await fetch(`${simulator.url}/models`)).json()).toMatchObject({ object: 'list', data: expect.arrayContaining([expect.objectContaining({ id: 'sim-chat' })]) });
  });

  it('flags the two words in moderations, text by text, parts together', async () => {
    const flagged = async (input: unknown): Promise<boolean[]> => (await post<{ results: { flagged: boolean }[] }>('moderations', { input })).results.map((result) => result.flagged);
    expect(await flagged('这是违禁词')).toEqual([true]);
    expect(await flagged(['早上好', 'Forbidden!'])).toEqual([false, true]);
    expect(await flagged([{ type: 'text', text: '违禁' }, { type: 'image_url', image_url: { url: 'x' } }])).toEqual([true]);
    expect(await post('moderations', {})).toMatchObject({ error: { param: 'input' } });
  });

  it('embeds deterministically, as floats and base64, near for near texts', async () => {
    const floats = await post<{ data: { embedding: number[] }[] }>('embeddings', { model: 'e', input: ['西湖的春天', '西湖的秋天', '股票'] });
    const base64 = await post<{ data: { embedding: string }[] }>('embeddings', { model: 'e', input: '西湖的春天', encoding_format: 'base64' });
    const [spring, autumn, shares] = floats.data.map((one) => one.embedding) as [number[], number[], number[]];
    const decoded = new Float32Array(new Uint8Array(Buffer.from((base64.data[0] as { embedding: string }).embedding, 'base64')).buffer);
    const dot = (a: number[], b: number[]): number => a.reduce((sum, value, at) => sum + value * (b[at] as number), 0);
    expect([...decoded]).toEqual(spring);
    expect(dot(spring, spring)).toBeCloseTo(1, 5);
    expect(dot(spring, autumn)).toBeGreaterThan(dot(spring, shares));
    const short = (await post<{ data: { embedding: number[] }[] }>('embeddings', { input: ['a', 'b', 'x'], dimensions: 8 })).data.map((one) => one.embedding);
    expect(short.map((vector) => vector.length)).toEqual([8, 8, 8]);
    expect(new Set(short.map(String)).size).toBe(3);
    expect(await post('embeddings', { input: '' })).toMatchObject({ error: { param: 'input' } });
  });

  it('can be made to fail', async () => {
    await control('PUT', 'script', { moderations: { failTimes: 1, status: 500 }, embeddings: { status: 429 } });
    expect(await post('moderations', { input: 'a' })).toHaveProperty('error');
    expect(await post('moderations', { input: 'a' })).toHaveProperty('results');
    expect(await post('embeddings', { input: 'a' })).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
  });
});

/** The body as the parts in which the client's HTTP parser got it. */
function rawParts(behaviour: Behaviour): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${simulator.url}/chat/completions`, { method: 'POST', headers: { 'x-sim-behaviour': headerOf(behaviour) } }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.once('end', () => resolve(parts));
      response.once('error', reject);
    });
    request.once('error', reject);
    request.end(JSON.stringify({ model: 'sim-chat', stream: true, messages: [{ role: 'user', content: '分' }] }));
  });
}
