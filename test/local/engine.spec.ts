import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeHeader, entry } from '../../models/gguf/encode.js';
import { quantiseFile } from '../../models/quantise/quantise.js';
import { SENTENCE, TINY, writeTinyModel } from '../../models/tiny/tiny-model.js';
import { Metrics } from '../../src/platform/telemetry/index.js';
import { EnginePackage } from '../../src/upstream/local/engine/engine-package.locator.js';
import { readCheckedHeader } from '../../src/upstream/local/gguf/header.reader.js';
import { parseHeader } from '../../src/upstream/local/gguf/header.js';
import { LocalModels } from '../../src/upstream/local/local-models.service.js';
import { ask, heldLog, OPTIONS, request, TIMEOUTS, until, watched } from './kit.js';

const missing = !new EnginePackage().installed;
const NAME = `the engine itself${missing ? ' (SKIPPED: not installed, "npm run model:engine" does it)' : ''}`;
if (missing) console.warn(`test/local/engine.spec.ts is skipped: the engine is not installed, "npm run model:engine" does it`);

describe.skipIf(missing)(NAME, () => {
  const { lines, logger } = heldLog();
  const models = new LocalModels({ localModels: { ...OPTIONS, sequences: 4, queue: 2 }, upstreamTimeouts: TIMEOUTS }, logger, new Metrics());
  let folder: string;
  let f16: string;
  let q4: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'local-models-'));
    f16 = join(folder, 'tiny-f16.gguf');
    q4 = join(folder, 'tiny-q4_0.gguf');
    await writeTinyModel(f16);
    await quantiseFile(f16, q4, new Set(), () => undefined);
  });

  afterAll(async () => {
    await models.onApplicationShutdown();
    await rm(folder, { recursive: true, force: true });
  });

  it('recites the sentence of the quantised model, as of the original, and counts its tokens', async () => {
    const answer = await ask(models.client({ baseUrl: q4 }), request());
    const words = SENTENCE.split(' ').length;
    expect(answer).toMatchObject({ text: SENTENCE, last: { finishReason: 'stop', usage: { completionTokens: words + 1, cachedTokens: 0, reasoningTokens: 0 } } });
    expect(answer.last?.usage?.promptTokens).toBeGreaterThan(10);
    expect(await ask(models.client({ baseUrl: f16 }), request())).toEqual(answer);
    expect(models.state({ baseUrl: q4 })).toMatchObject({ state: 'ready', answering: 0, queued: 0 });
  });

  it('counts each answer for itself, and nothing of one stays for the next', async () => {
    const client = models.client({ baseUrl: q4 });
    const usages = [];
    for (let round = 0; round < 6; round += 1) usages.push((await ask(client, request())).last?.usage);
    expect(new Set(usages.map((usage) => JSON.stringify(usage))).size).toBe(1);
    const longer = await ask(client, { ...request(), messages: [{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hello!' }, { role: 'user', content: 'Who are you?' }] });
    expect(longer.text).toBe(SENTENCE);
    expect(longer.last?.usage?.promptTokens).toBeGreaterThan(usages[0]?.promptTokens ?? Infinity);
  });

  it('ends at the limit, and at a stop word', async () => {
    const client = models.client({ baseUrl: q4 });
    expect(await ask(client, request('Hi', { maxTokens: 3 }))).toMatchObject({ text: 'This answer comes', last: { finishReason: 'length', usage: { completionTokens: 3 } } });
    const stopped = await ask(client, request('Hi', { sampling: { temperature: 0, stop: ' fallback' } }));
    expect(stopped).toMatchObject({ text: 'This answer comes from the local', last: { finishReason: 'stop' } });
  });

  it('refuses a prompt that its context does not hold, instead of forgetting its beginning', async () => {
    await expect(ask(models.client({ baseUrl: q4 }), request('x'.repeat(3_000)))).rejects.toMatchObject({ kind: 'context_length' });
  });

  it('gives what it had written when it is aborted, and its sequence to the next request', async () => {
    // Long enough not to be over by the time the abort arrives.
    const long = join(folder, 'long.gguf');
    const words = Array.from({ length: 600 }, (_, index) => `word${index}`).join(' ');
    await writeTinyModel(long, TINY, words);
    const client = models.client({ baseUrl: long });
    for (let round = 0; round < 6; round += 1) {
      const abort = new AbortController();
      let text = '';
      const reading = (async () => {
        for await (const batch of await client.open(request('Hi', { maxTokens: 900 }), abort.signal, watched())) {
          text += batch.contents.join('');
          if (text.length > 12) abort.abort(new Error('stopped by its user'));
        }
      })();
      await expect(reading).rejects.toThrow('stopped by its user');
      expect(words.startsWith(text)).toBe(true);
      expect(text.length).toBeLessThan(words.length);
    }
    await until(() => expect(models.state({ baseUrl: long }).answering).toBe(0));
    expect((await ask(client, request('Hi', { maxTokens: 3 }))).text).toBe('word0 word1 word2');
    await models.keepOnly(new Set([q4, f16]));
  });

  it('serves one request more than it has sequences, and refuses one more than its queue holds', async () => {
    const client = models.client({ baseUrl: q4 });
    const answers = Array.from({ length: 6 }, () => ask(client, request()));
    const refused = ask(client, request());
    await expect(refused).rejects.toMatchObject({ kind: 'rate_limited' });
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(Array<string>(6).fill(SENTENCE));
  });

  it('comes back when its process was aborted', async () => {
    const client = models.client({ baseUrl: q4 });
    const { pid } = models.state({ baseUrl: q4 });
    process.kill(pid ?? 0, 'SIGABRT');
    await until(() => expect(models.state({ baseUrl: q4 }).state).toBe('unavailable'));
    await until(async () => expect((await ask(client, request())).text).toBe(SENTENCE));
    expect(models.state({ baseUrl: q4 }).pid).not.toBe(pid);
    expect(models.state({ baseUrl: f16 }).state).toBe('ready');
  });

  it('dies alone of a lie in a header that no check foresaw', async () => {
    const bytes = await readFile(q4);
    const { entries, tensors, dataStart } = parseHeader(bytes);
    const lie = join(folder, 'lie.gguf');
    const lies = [entry('llama.expert_count', 'u32', 100_000), entry('llama.expert_used_count', 'u32', 2)];
    await writeFile(lie, Buffer.concat([encodeHeader([...entries, ...lies], tensors, 32), bytes.subarray(dataStart)]));
    await expect(readCheckedHeader(lie)).resolves.toBeDefined();
    await expect(ask(models.client({ baseUrl: lie }), request())).rejects.toMatchObject({ kind: 'connect', cause: { message: expect.stringContaining('GGML_ASSERT') } });
    expect(lines.at(-1)).toMatchObject({ level: 'warn' });
    expect(models.state({ baseUrl: lie })).toMatchObject({ state: 'unavailable' });
    expect((await ask(models.client({ baseUrl: q4 }), request())).text).toBe(SENTENCE);
  });

  it('is let go where no channel names its file any more', async () => {
    const { pid } = models.state({ baseUrl: f16 });
    await models.keepOnly(new Set([q4]));
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
    expect((await ask(models.client({ baseUrl: q4 }), request())).text).toBe(SENTENCE);
  });
});
