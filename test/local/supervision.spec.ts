import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyModel } from '../../models/tiny/tiny-model.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { EnginePackage } from '../../src/upstream/local/engine/engine-package.locator.js';
import { LocalClient } from '../../src/upstream/local/local.client.js';
import { LocalEngine, type LocalModelOptions } from '../../src/upstream/local/local-engine.process.js';
import { ask, heldLog, OPTIONS, request, TIMEOUTS, until, watched, type HeldLog } from './kit.js';

/** A stand-in for the engine's process that does what the last message asks for. */
const STAND_IN = `
import { existsSync } from 'node:fs';
const cancelled = new Set();
const usage = { promptTokens: 3, completionTokens: 2, cachedTokens: 0, reasoningTokens: 0 };
process.on('disconnect', () => process.exit());
process.on('message', (message) => {
  const say = (more) => process.send({ id: message.id, ...more });
  if (message.type === 'exit') process.exit();
  if (message.type === 'cancel') cancelled.add(message.id);
  if (message.type === 'load') {
    if (existsSync(new URL('./abort', import.meta.url))) { console.error('GGML_ASSERT(false) failed'); process.abort(); }
    if (existsSync(new URL('./mute', import.meta.url))) return;
    if (existsSync(new URL('./refuse', import.meta.url))) return say({ type: 'load_failed', reason: 'model', message: 'no good' });
    say({ type: 'ready', contextTokens: 512 });
  }
  if (message.type !== 'generate') return;
  const wish = message.messages.at(-1).content;
  if (wish === 'echo env') { say({ type: 'text', text: Object.keys(process.env).filter((name) => name !== 'NODE_CHANNEL_FD' && name !== 'NODE_CHANNEL_SERIALIZATION_MODE').join() || 'empty' }); return say({ type: 'done', finishReason: 'stop', usage }); }
  if (wish === 'too long') return say({ type: 'failed', reason: 'context_length', message: '' });
  if (wish === 'fail') return say({ type: 'failed', reason: 'engine', message: '' });
  if (wish === 'silent') return;
  if (wish === 'nothing' || wish === 'thoughts') return say({ type: 'done', finishReason: 'stop', usage: { ...usage, completionTokens: wish === 'nothing' ? 1 : 9 } });
  if (wish === 'hang' || wish === 'endless' || wish === 'die') say({ type: 'text', text: 'one ' });
  if (wish === 'die') return void setTimeout(() => process.abort(), 50);
  if (wish === 'hang') return;
  if (wish === 'endless') { const timer = setInterval(() => { if (!cancelled.has(message.id)) return say({ type: 'text', text: 'more ' }); clearInterval(timer); say({ type: 'done', finishReason: 'cancelled', usage }); }, 10); return; }
  say({ type: 'text', text: 'half a smile \\ud83d' });
  say({ type: 'text', text: '\\ude00' });
  say({ type: 'done', finishReason: 'stop', usage });
});
`;

let folder: string;
let model: string;
let log: HeldLog;
let engine: LocalEngine;
const metrics = new Metrics();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-engine-'));
  model = join(folder, 'tiny.gguf');
  await writeTinyModel(model);
  await mkdir(join(folder, 'engine/node_modules/node-llama-cpp'), { recursive: true });
  await writeFile(join(folder, 'engine/node_modules/node-llama-cpp/package.json'), '{}');
  await writeFile(join(folder, 'engine/package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'engine/serve.ts'), STAND_IN);
});

afterEach(async () => {
  await engine.close();
  for (const mark of ['abort', 'mute', 'refuse']) await rm(join(folder, 'engine', mark), { force: true });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function start(options: Partial<LocalModelOptions> = {}, timeouts: Partial<typeof TIMEOUTS> = {}, path = model, engineFolder = join(folder, 'engine')): LocalClient {
  log = heldLog();
  engine = new LocalEngine(path, { ...OPTIONS, ...options }, new EnginePackage(engineFolder), log.logger, metrics);
  return new LocalClient(engine, { ...TIMEOUTS, ...timeouts });
}

async function gauge(name: 'localAnswers' | 'localQueued'): Promise<number | undefined> {
  return (await metrics[name].get()).values[0]?.value;
}

async function readAll(answer: AsyncIterable<unknown>): Promise<void> {
  for await (const batch of answer) void batch;
}

const mark = (name: string): Promise<void> => writeFile(join(folder, 'engine', name), '');
const endings = (): number => log.lines.filter(({ message }) => message === 'local model: process ended').length;

describe('an answer', () => {
  it('comes in whole characters, with how it ended and the usage on the last batch', async () => {
    const client = start();
    expect(engine.state.state).toBe('idle');
    expect(await ask(client, request())).toEqual({ text: 'half a smile 😀', last: { finishReason: 'stop', usage: { promptTokens: 3, completionTokens: 2, cachedTokens: 0, reasoningTokens: 0 }, last: true } });
    expect(engine.state).toMatchObject({ state: 'ready', answering: 0, queued: 0 });
  });

  it('reports to whoever keeps the books: accepted, usage, whole; or broken after its first words, and not when its caller left', async () => {
    const client = start();
    const of = async (wish: string): Promise<string[]> => {
      const seen: string[] = [];
      const leave = new AbortController();
      const watch = watched(seen);
      const headers = (): void => {
        watch.headers({});
        if (wish === 'endless') setImmediate(() => leave.abort());
      };
      await ask(client, request(wish), leave.signal, { ...watch, headers }).catch(() => undefined);
      return seen;
    };
    expect(await of('Hello')).toEqual(['accepted', 'usage 3 + 2', 'whole']);
    expect(await of('fail')).toEqual([]);
    expect(await of('endless')).toEqual(['accepted']);
    expect(await of('die')).toEqual(['accepted', 'broke']);
  });

  it('without a word is none, unless its tokens went into thoughts', async () => {
    const client = start();
    const seen: string[] = [];
    await expect(ask(client, request('nothing'), undefined, watched(seen))).rejects.toMatchObject({ kind: 'empty' });
    expect(seen).toEqual(['accepted', 'usage 3 + 1']);
    expect(await ask(client, request('thoughts'))).toMatchObject({ text: '', last: { finishReason: 'stop', usage: { completionTokens: 9 } } });
    expect(engine.state.answering).toBe(0);
  });

  it('is made by a process that sees nothing of our environment', async () => {
    expect((await ask(start(), request('echo env'))).text).toBe('empty');
  });

  it.each([
    ['too long', 'context_length'],
    ['fail', 'server'],
    ['die', 'cut'],
  ])('that goes wrong says how: %s', async (wish, kind) => {
    await expect(ask(start(), request(wish))).rejects.toMatchObject({ name: 'UpstreamFailure', kind });
    await until(() => expect(engine.state.answering).toBe(0));
  });

  it('that never begins, or stops without an end, times out and frees its place after the engine let go or was killed', async () => {
    const client = start({ sequences: 1, cancelMs: 100 }, { firstTokenMs: 150, betweenTokensMs: 150 });
    await expect(ask(client, request('silent'))).rejects.toMatchObject({ kind: 'timeout' });
    await until(() => expect(endings()).toBe(1));
    await until(() => expect(engine.state.state).toBe('ready'));
    await expect(ask(client, request('hang'))).rejects.toMatchObject({ kind: 'timeout' });
    await until(() => expect(engine.state.answering).toBe(0));
  });

  it('can be aborted: the caller gets its reason at once, and the place is free when the engine has let go', async () => {
    const client = start({ sequences: 1 });
    const abort = new AbortController();
    const reason = new Error('enough');
    let text = '';
    const reading = (async () => {
      for await (const batch of await client.open(request('endless'), abort.signal, watched())) {
        text += batch.contents.join('');
        if (text.length > 20) abort.abort(reason);
      }
    })();
    await expect(reading).rejects.toBe(reason);
    expect(text).toMatch(/^one more /);
    expect((await ask(client, request())).last?.finishReason).toBe('stop');
    expect(endings()).toBe(0);
  });

  it('that nobody reads to its end gives its place back too', async () => {
    const client = start({ sequences: 1 });
    for await (const batch of await client.open(request('endless'), new AbortController().signal, watched())) if (batch.contents.length > 0) break;
    const abort = new AbortController();
    await client.open(request('endless'), abort.signal, watched());
    abort.abort();
    expect((await ask(client, request())).last?.finishReason).toBe('stop');
  });
});

describe('requests beyond the sequences', () => {
  it('wait in turn, and beyond the queue are refused with a time to come again', async () => {
    const client = start({ sequences: 1, queue: 1 });
    const abort = new AbortController();
    const first = await client.open(request('endless'), abort.signal, watched());
    const second = ask(client, request());
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 1_000 });
    expect(engine.state).toMatchObject({ answering: 1, queued: 1 });
    expect([await gauge('localAnswers'), await gauge('localQueued')]).toEqual([1, 1]);
    abort.abort();
    await expect(readAll(first)).rejects.toThrow();
    expect((await second).text).toContain('smile');
    await until(async () => expect([await gauge('localAnswers'), await gauge('localQueued')]).toEqual([0, 0]));
  });

  it('wait no longer than they are told to, and leave when they are aborted', async () => {
    const client = start({ sequences: 1, queueMs: 100 });
    const abort = new AbortController();
    await client.open(request('endless'), abort.signal, watched());
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'rate_limited' });
    const leave = new AbortController();
    const waiting = ask(client, request(), leave.signal);
    leave.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(engine.state.queued).toBe(0);
    abort.abort();
  });
});

describe('a process that ends', () => {
  it('cuts the answers under way and is started again by itself, after a wait that grows', async () => {
    const client = start();
    await ask(client, request());
    const before = engine.state.pid;
    const cut = ask(client, request('endless'));
    await until(() => expect(engine.state.answering).toBe(1));
    process.kill(before ?? 0, 'SIGABRT');
    await expect(cut).rejects.toMatchObject({ kind: 'cut' });
    await until(() => expect(engine.state).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('SIGABRT') }));
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', retryAfterMs: expect.any(Number) });
    await until(() => expect(engine.state.state).toBe('ready'));
    expect(engine.state.pid).not.toBe(before);
    expect((await ask(client, request())).text).toContain('smile');
    for (const [wish, delayMs] of [['die', 500], ['die', 1_000]] as const) {
      await expect(ask(client, request(wish))).rejects.toMatchObject({ kind: 'cut' });
      await until(() => expect(log.lines.at(-1)?.fields).toMatchObject({ signal: 'SIGABRT', delayMs }));
      await until(() => expect(engine.state.state).toBe('ready'));
    }
  });

  it('while loading makes the channel unavailable, and is not tried again before its time', async () => {
    const client = start();
    await mark('abort');
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', cause: { message: expect.stringContaining('GGML_ASSERT') } });
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect' });
    expect(endings()).toBe(1);
    await rm(join(folder, 'engine/abort'));
    await until(async () => expect((await ask(client, request())).text).toContain('smile'));
  });

  it('goes when it can not load the model', async () => {
    const client = start();
    await mark('refuse');
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', cause: { message: 'no good' } });
    expect(engine.state).toMatchObject({ state: 'unavailable', reason: 'no good' });
    expect(engine.state.pid).toBeUndefined();
  });

  it('goes when it says nothing about the model for too long', async () => {
    const client = start({ loadMs: 300 });
    await mark('mute');
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', cause: { message: expect.stringContaining('within 300 ms') } });
    expect(engine.state.pid).toBeUndefined();
  });

  it('goes with the platform, and nothing starts after', async () => {
    const client = start();
    await ask(client, request());
    const pid = engine.state.pid ?? 0;
    await engine.close();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect' });
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });
});

describe('a channel that can not be served', () => {
  it('for want of the engine is unavailable, says why, and works once it is installed', async () => {
    const empty = join(folder, 'later');
    const client = start({}, {}, model, empty);
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', retryAfterMs: 60_000, cause: { message: expect.stringContaining('npm run model:engine') } });
    expect(engine.state).toMatchObject({ state: 'unavailable', reason: expect.stringContaining('npm run model:engine') });
    await mkdir(join(empty, 'node_modules/node-llama-cpp'), { recursive: true });
    await writeFile(join(empty, 'node_modules/node-llama-cpp/package.json'), '{}');
    await writeFile(join(empty, 'package.json'), '{"type":"module"}');
    await writeFile(join(empty, 'serve.ts'), STAND_IN);
    expect((await ask(client, request())).text).toContain('smile');
  });

  it('for its file never starts a process', async () => {
    const broken = join(folder, 'broken.gguf');
    await writeFile(broken, 'GGUF');
    const client = start({}, {}, broken);
    await expect(ask(client, request())).rejects.toMatchObject({ kind: 'connect', cause: { message: 'the file ends inside its header' } });
    expect(engine.state).toMatchObject({ state: 'unavailable', reason: 'the file ends inside its header' });
    expect(engine.state.pid).toBeUndefined();
  });
});
