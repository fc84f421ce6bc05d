import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamUsage } from './delta.js';
import { UpstreamFailure } from './failure.js';
import { OpenAiClient } from './openai.client.js';
import { Transport } from './transport.js';

const TIMEOUTS = { connectMs: 1_000, firstTokenMs: 200, betweenTokensMs: 200, thoughtMs: 1_500 };
const REQUEST = { model: 'm', messages: [{ role: 'user' as const, content: '你好' }], maxTokens: 10, sampling: {} };
const DONE = 'data: [DONE]\n\n';
const COMMENT = ': keep-alive\n\n';

let transport: Transport;
let server: Server;
let course: (response: ServerResponse) => void;
/** What the server does when the first batch was read. */
let shown: () => void;

beforeEach(async () => {
  shown = () => undefined;
  transport = new Transport({ connectMs: TIMEOUTS.connectMs });
  server = createServer((request, response) => {
    request.resume().once('end', () => course(response.writeHead(200, { 'content-type': 'text/event-stream' })));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await transport.close();
});

function chunk(delta: Record<string, unknown>, finishReason: string | null = null, usage?: readonly [number, number]): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finishReason }], ...(usage === undefined ? {} : { usage: { prompt_tokens: usage[0], completion_tokens: usage[1] } }) })}\n\n`;
}

/** Sends these, each in a write of its own, and ends as told. */
function says(parts: readonly string[], end: 'end' | 'reset'): void {
  course = (response) => void (async () => {
    for (const part of parts) await new Promise((resolve) => { response.write(part, resolve); });
    if (end === 'end') response.end();
    else response.destroy();
  })();
}

/** Sends this, and the rest when it was read. */
function saysThen(first: string, rest: (response: ServerResponse) => void): void {
  course = (response) => {
    shown = () => rest(response);
    response.write(first);
  };
}

/** Sends this every so many milliseconds, for ever. */
function repeats(first: string, part: string, everyMs: number): void {
  course = (response) => {
    response.write(first === '' ? COMMENT : first);
    const timer = setInterval(() => response.write(part), everyMs);
    response.once('close', () => clearInterval(timer));
  };
}

interface Told {
  readonly text: string;
  readonly finishReason: string | undefined;
  readonly usage: UpstreamUsage | undefined;
  /** How it ended: by its own, or the failure before (`unopened`) or after its first words. */
  readonly end: string;
  readonly seen: string;
}

async function ask(timeouts = TIMEOUTS): Promise<Told> {
  const client = new OpenAiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, apiKey: 'none' }, transport, timeouts);
  const seen: string[] = [];
  const watch = { headers: () => undefined, usage: () => undefined, whole: () => void seen.push('whole'), broke: (failure: UpstreamFailure) => void seen.push(`broke ${failure.kind}`) };
  let [text, end, opened]: [string, string, boolean] = ['', 'end', false];
  let finishReason: string | undefined;
  let usage: UpstreamUsage | undefined;
  try {
    const stream = await client.open(REQUEST, new AbortController().signal, watch);
    opened = true;
    for await (const batch of stream) {
      text += batch.contents.join('');
      shown();
      shown = () => undefined;
      finishReason = batch.finishReason ?? finishReason;
      usage = batch.usage ?? usage;
    }
  } catch (error) {
    if (!(error instanceof UpstreamFailure)) throw error;
    end = `${opened ? '' : 'unopened '}${error.kind}`;
  }
  return { text, finishReason, usage, end, seen: seen.join() };
}

describe('an answer of which only its frame came', () => {
  it.each([
    ['usage so far', chunk({ role: 'assistant', content: '' }, null, [10, 0])],
    ['an empty reason to finish', chunk({ role: 'assistant', content: '' }, '')],
    ['a role', chunk({ role: 'assistant', content: '' })],
  ])('before the connection broke (%s) is not opened', async (_, first) => {
    says([first], 'reset');
    expect(await ask()).toMatchObject({ end: 'unopened cut', seen: '' });
  });

  it('keeps what it told before the first words', async () => {
    says([chunk({ role: 'assistant' }, null, [10, 0]), chunk({ content: '好' }), chunk({}, 'stop'), DONE], 'end');
    expect(await ask()).toMatchObject({ text: '好', finishReason: 'stop', usage: { promptTokens: 10, completionTokens: 0 }, end: 'end', seen: 'whole' });
  });
});

describe('an answer without words', () => {
  it.each<[string, readonly string[], string]>([
    ['only [DONE]', [DONE], 'unopened malformed'],
    ['an end and [DONE]', [chunk({}, 'stop'), DONE], 'unopened empty'],
    ['an end alone', [chunk({}, 'stop')], 'unopened empty'],
    ['an end and no tokens', [chunk({}, 'stop'), chunk({}, null, [10, 0]), DONE], 'unopened empty'],
    ['nothing', [], 'unopened cut'],
  ])('is none (%s)', async (_, parts, end) => {
    says(parts, 'end');
    expect(await ask()).toMatchObject({ end, seen: '' });
  });

  it.each<[string, readonly string[]]>([
    ['stop', [chunk({}, 'stop'), chunk({}, null, [10, 5]), DONE]],
    ['length', [chunk({ reasoning_content: '想' }), chunk({}, 'length'), DONE]],
    ['content_filter', [chunk({}, 'content_filter')]],
  ])('is one where it says why, or what it took (%s)', async (finishReason, parts) => {
    says(parts, 'end');
    expect(await ask()).toMatchObject({ text: '', finishReason, end: 'end', seen: 'whole' });
  });
});

it('an answer that says "" for its end and no [DONE] is not whole', async () => {
  says([chunk({ content: '前半' }, '')], 'end');
  expect(await ask()).toMatchObject({ text: '前半', finishReason: undefined, end: 'cut', seen: 'broke cut' });
});

describe('an answer that said why it ends', () => {
  const ended = chunk({ content: '完' }) + chunk({}, 'stop', [10, 1]);

  it('is whole, though the connection broke before [DONE]', async () => {
    saysThen(ended, (response) => void response.destroy());
    expect(await ask()).toMatchObject({ text: '完', finishReason: 'stop', usage: { completionTokens: 1 }, end: 'end', seen: 'whole' });
  });

  it('is whole, though nothing comes after it, and is not waited for as long as a word', async () => {
    saysThen(ended, () => undefined);
    expect(await ask({ ...TIMEOUTS, betweenTokensMs: 20_000 })).toMatchObject({ text: '完', end: 'end', seen: 'whole' });
  });

  it('takes its usage from what comes a little later', async () => {
    saysThen(chunk({ content: '完' }, 'stop'), (response) => void response.write(`data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 10, completion_tokens: 1 } })}\n\n`));
    expect(await ask()).toMatchObject({ usage: { completionTokens: 1 }, end: 'end', seen: 'whole' });
  });
});

describe('signs of life', () => {
  it('that are comments only put off the limits, not for ever', async () => {
    repeats('', COMMENT, 50);
    expect(await ask()).toMatchObject({ end: 'unopened timeout' });
    repeats(chunk({ content: '半' }), COMMENT, 50);
    expect(await ask()).toMatchObject({ text: '半', end: 'timeout' });
    repeats(chunk({ content: '完' }, 'stop') + DONE, COMMENT, 50);
    expect(await ask()).toMatchObject({ text: '完', end: 'end', seen: 'whole' });
  });

  it('give a slow first word more time than silence would', async () => {
    course = (response) => {
      const timer = setInterval(() => response.write(COMMENT), 50);
      setTimeout(() => { clearInterval(timer); response.end(chunk({ content: '慢' }, 'stop') + DONE); }, 400);
    };
    expect(await ask()).toMatchObject({ text: '慢', end: 'end' });
  });

  it('that are thoughts only have an end, too', async () => {
    const thought = chunk({ reasoning_content: '想' });
    repeats('', thought, 50);
    expect(await ask()).toMatchObject({ end: 'unopened timeout', seen: '' });
    repeats(chunk({ content: '半' }), thought, 50);
    expect(await ask()).toMatchObject({ text: '半', end: 'timeout', seen: 'broke timeout' });
  });

  it('that are words give new time for thoughts', async () => {
    const end = chunk({}, 'stop') + DONE;
    course = (response) => {
      const timer = setInterval(() => response.write(chunk({ reasoning: '想' })), 50);
      setTimeout(() => response.write(chunk({ content: '先' })), 1_000);
      setTimeout(() => { clearInterval(timer); response.end(end); }, 2_000);
    };
    expect(await ask()).toMatchObject({ text: '先', end: 'end', seen: 'whole' });
  });

  it('that are thoughts count like words', async () => {
    course = (response) => {
      const timer = setInterval(() => response.write(chunk({ reasoning_content: '想' })), 50);
      setTimeout(() => { clearInterval(timer); response.end(chunk({ content: '想好了' }, 'stop') + DONE); }, 900);
    };
    expect(await ask()).toMatchObject({ text: '想好了', end: 'end' });
  });
});

it('an answer that thinks more than any answer may say is none', async () => {
  const thought = chunk({ reasoning_content: 'x'.repeat(1 << 18) });
  says([...Array.from({ length: 5 }, () => thought), chunk({ content: '完' }, 'stop'), DONE], 'end');
  expect(await ask()).toMatchObject({ end: 'unopened malformed', seen: '' });
});

describe('an error told inside the stream', () => {
  const error = (code: unknown): string => `data: ${JSON.stringify({ error: { message: 'x', code } })}\n\n`;

  it.each<[unknown, string]>([['content_filter', 'content_policy'], ['context_length_exceeded', 'context_length'], [429, 'rate_limited'], ['500', 'server'], [undefined, 'server']])('is what its code says (%j: %s)', async (code, kind) => {
    says([error(code)], 'end');
    expect(await ask()).toMatchObject({ end: `unopened ${kind}`, seen: '' });
    saysThen(chunk({ content: '前半' }), (response) => void response.end(error(code)));
    expect(await ask()).toMatchObject({ text: '前半', end: kind, seen: `broke ${kind}` });
  });
});
