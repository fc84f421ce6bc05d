import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeApiKey, makeTenant } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted, upstreamCounters } from '../kit/upstream-script.js';

let platform: Platform;
let client: OpenAI;

beforeAll(async () => {
  platform = await Platform.start();
  const user = await logIn(platform, await makeTenant(platform, await admin(platform)));
  client = new OpenAI({ baseURL: `${platform.api.url}/v1`, apiKey: await makeApiKey(platform, user), maxRetries: 0 });
});
afterAll(async () => platform.stop());

const ask = (content: string) => ({ model: 'sim-chat', messages: [{ role: 'user' as const, content }] });
const TEXT = '汉字😀与𠮷，👨‍👩‍👧 "quoted" \\ error success: 0\r\n\r\n— end';

describe('the stock openai client', () => {
  it('gets a whole answer', async () => {
    const completion = await client.chat.completions.create(ask(scripted({ text: TEXT })));
    expect(completion.choices[0]).toMatchObject({ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: TEXT } });
    expect(completion).toMatchObject({ object: 'chat.completion', model: 'sim-chat', usage: { total_tokens: (completion.usage?.prompt_tokens ?? 0) + (completion.usage?.completion_tokens ?? 0) } });
  });

  it.each([{ splitUtf8: true }, { loneSurrogates: true }, {}])('gets a streamed answer, whatever the upstream does to its bytes: %j', async (behaviour) => {
    const stream = await client.chat.completions.create({ ...ask(scripted({ text: TEXT, ...behaviour })), stream: true, stream_options: { include_usage: true } });
    let text = '';
    const chunks = [];
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      chunks.push(chunk);
    }
    expect(text).toBe(TEXT);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) } });
  });

  it('gets usage in the stream only when it asks', async () => {
    const stream = await client.chat.completions.create({ ...ask(scripted({ tokens: 3 })), stream: true });
    for await (const chunk of stream) expect(chunk.usage ?? undefined).toBeUndefined();
  });

  it('passes on its system message, sampling and bounds', async () => {
    const question = scripted({ tokens: 50 }, '标记');
    const completion = await client.chat.completions.create({ model: 'sim-chat', messages: [{ role: 'developer', content: '你很简短' }, { role: 'user', content: [{ type: 'text', text: question }] }], max_tokens: 4, temperature: 0.3, seed: 7, stop: ['。'] });
    expect(completion.choices[0]?.finish_reason).toBe('length');
    const seen = JSON.stringify(await upstreamCounters(platform));
    expect(seen).toContain('"max_tokens":4');
    expect(seen).toContain('"temperature":0.3');
    expect(seen).toContain('你很简短');
  });

  it('lists the models', async () => {
    expect((await client.models.list()).data.map((model) => model.id)).toEqual(['sim-chat', 'sim-small']);
    expect((await client.models.retrieve('sim-small')).id).toBe('sim-small');
  });

  it('throws its typed errors', async () => {
    const wrongKey = new OpenAI({ baseURL: `${platform.api.url}/v1`, apiKey: 'bk_wrong', maxRetries: 0 });
    await expect(wrongKey.models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    await expect(client.chat.completions.create({ ...ask('x'), model: 'none' })).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.chat.completions.create({ ...ask('x'), n: 3 })).rejects.toMatchObject({ status: 400, param: 'n', code: 'invalid_request' });
    await expect(client.chat.completions.create({ ...ask('x'), tools: [] } as never)).rejects.toBeInstanceOf(OpenAI.BadRequestError);
    await expect(client.chat.completions.create({ ...ask('字'.repeat(900)), model: 'sim-small' })).rejects.toMatchObject({ status: 400, param: 'messages' });
    await expect(client.chat.completions.create(ask(scripted({ status: 500 })))).rejects.toMatchObject({ status: 502, code: 'upstream_error' });
    await expect(client.chat.completions.create({ ...ask(scripted({ status: 401 })), stream: true })).rejects.toMatchObject({ status: 502 });
  });

  it('throws in the middle of a stream, after the words that came', async () => {
    const stream = await client.chat.completions.create({ ...ask(scripted({ tokens: 50, gapMs: 10, reset: 'mid', afterTokens: 5 })), stream: true });
    let words = 0;
    await expect((async () => { for await (const chunk of stream) words += chunk.choices[0]?.delta.content ? 1 : 0; })()).rejects.toBeInstanceOf(OpenAI.APIError);
    expect(words).toBeGreaterThan(0);
  });
});
