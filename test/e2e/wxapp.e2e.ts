import { request } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';
import { WxappFieldClient } from '../kit/wxapp-field-client.js';

let platform: Platform;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start();
  user = await logIn(platform, await makeTenant(platform, await admin(platform)));
});
afterAll(async () => platform.stop());

/** Sends a message as a mini-program does, and hands the network's chunks as they come to a client of the five habits. */
async function talk(content: string, onChunk: (client: WxappFieldClient) => void = () => undefined): Promise<{ client: WxappFieldClient; chunks: string[]; headers: Record<string, unknown> }> {
  const conversation = await makeConversation(platform.api, user);
  const client = new WxappFieldClient();
  const chunks: string[] = [];
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    const call = request(`${platform.api.url}/v1/conversations/${conversation}/messages`, {
      method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${user.token}`, referer: 'https://servicewechat.com/wx0/1/page-frame.html' },
    }, (answer) => {
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk.toString('latin1'));
        client.receive(chunk);
        onChunk(client);
      });
      answer.on('end', () => resolve(answer.headers));
      answer.on('error', reject);
    });
    call.on('error', reject);
    call.end(JSON.stringify({ content }));
  });
  return { client, chunks, headers };
}

describe('a mini-program client of the field', () => {
  it('reads an answer full of its own trigger words, and its end', async () => {
    const text = '说 error、Error 与 success: 0\r\n\r\n，空行\n\n\n还有😀𠮷 data: x';
    const { client, chunks, headers } = await talk(scripted({ text }));
    expect(client).toMatchObject({ text, errors: [], ends: 1, unreadable: 0, afterEnd: 0 });
    expect(chunks.at(-1)).toBe('0\r\n\r\n');
    expect(headers).toMatchObject({ 'transfer-encoding': 'chunked', 'x-accel-buffering': 'no' });
    expect(headers['content-encoding']).toBeUndefined();
  });

  it('reads any text', async () => {
    const anyText = fc.array(fc.oneof(fc.constantFrom('error', 'success: ', '0', '\r\n', '\n\n', '"', '\\', '😀', 'é', 'data: '), fc.string({ unit: 'binary', maxLength: 6 })), { minLength: 1, maxLength: 12 }).map((parts) => parts.join('').toWellFormed().replaceAll('\0', '').replaceAll(']]', ''));
    await fc.assert(fc.asyncProperty(anyText, async (text) => {
      fc.pre(text !== '');
      const { client } = await talk(scripted({ text }));
      expect(client).toMatchObject({ text, errors: [], ends: 1, unreadable: 0, afterEnd: 0 });
    }), { numRuns: 25 });
  });

  it('is told a failure in the middle, after the words that came', async () => {
    const { client } = await talk(scripted({ tokens: 30, gapMs: 5, reset: 'mid', afterTokens: 6 }));
    expect(client.text.length).toBeGreaterThan(0);
    expect(client).toMatchObject({ ends: 0, unreadable: 0, errors: [{ code: 500, msg: '模型服务暂时不可用，请稍后再试' }] });
  });

  it('stops', async () => {
    let stopped: Promise<unknown> | undefined;
    const { client } = await talk(scripted({ tokens: 500, gapMs: 20 }), ({ frames, text }) => {
      const run = frames[0]?.['run_id'] ?? frames[1]?.['run_id'];
      if (text !== '' && typeof run === 'string') stopped ??= platform.api.ok('POST', `/v1/runs/${run}/stop`, { token: user.token });
    });
    await stopped;
    expect(client).toMatchObject({ errors: [], ends: 1, unreadable: 0 });
    expect(client.frames.at(-1)).toMatchObject({ done: true, finish_reason: 'stopped' });
  });
});
