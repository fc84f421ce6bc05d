import fc from 'fast-check';
import OpenAI, { APIError } from 'openai';
import { describe, expect, it } from 'vitest';
import { anySubject, anyTelling, anyText, cutAnywhere } from '../../../test/kit/wire-arbitraries.js';
import { ERROR_CATALOGUE, ERROR_CODES } from '../../platform/errors/index.js';
import type { StreamFrame } from '../stream/run-event.js';
import { chatCompletion, openaiFormat } from './openai.js';
import type { WireSubject } from './wire.js';

const subject: WireSubject = { runId: 'run-1', conversationId: undefined, messageId: 'msg-1', model: 'gpt-x', createdAt: 17, includeUsage: true };
const usage = { promptTokens: 3, completionTokens: 4 };
const usageJson = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const sizes = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 6 });

type Chunk = OpenAI.Chat.ChatCompletionChunk;

/** A stock client whose network answers with exactly these chunks. */
function clientOf(chunks: readonly Uint8Array[]): OpenAI {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  const fetch = async (): Promise<Response> => new Response(body, { headers: { 'content-type': openaiFormat.contentType } });
  return new OpenAI({ apiKey: 'bk_test', baseURL: 'http://127.0.0.1:1/v1', maxRetries: 0, fetch });
}

async function read(chunks: readonly Uint8Array[], into: Chunk[]): Promise<void> {
  const stream = await clientOf(chunks).chat.completions.create({ model: 'gpt-x', messages: [{ role: 'user', content: 'hi' }], stream: true });
  for await (const chunk of stream) into.push(chunk);
}

const textOf = (chunks: readonly Chunk[]): string => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
const texts = (of: WireSubject, frame: StreamFrame): string[] => openaiFormat.open(of)(frame).map((write) => write.text);

describe('openaiFormat', () => {
  it('gives the stock client the exact text, finish reason and usage through any cut', async () => {
    await fc.assert(
      fc.asyncProperty(anySubject, anyTelling, sizes, async (of, { text, frames, nextSeq }, cuts) => {
        const writes = [...frames, { type: 'done', seq: nextSeq, finishReason: 'stopped', usage } as const].flatMap(openaiFormat.open(of));
        const seen: Chunk[] = [];
        await read(cutAnywhere(writes, cuts), seen);
        expect(textOf(seen)).toBe(text);
        expect(new Set(seen.map((chunk) => chunk.id))).toEqual(new Set([`chatcmpl-${of.runId}`]));
        expect(seen[0]?.choices[0]?.delta).toEqual({ role: 'assistant', content: '' });
        const last = seen.filter((chunk) => chunk.choices.length > 0).at(-1);
        expect(last?.choices).toEqual([{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }]);
        const told = seen.map((chunk) => chunk.usage);
        if (of.includeUsage) expect(told).toEqual([...told.slice(1).map(() => null), usageJson]);
        else expect(told.every((value) => value === undefined)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('makes the stock client throw its typed error after the text so far', async () => {
    await fc.assert(
      fc.asyncProperty(anyTelling, sizes, fc.constantFrom(...ERROR_CODES), anyText, async ({ text, frames, nextSeq }, cuts, code, said) => {
        const message = `${said}!`;
        const writes = [...frames, { type: 'error', seq: nextSeq, code, message } as const].flatMap(openaiFormat.open(subject));
        const seen: Chunk[] = [];
        const failure: unknown = await read(cutAnywhere(writes, cuts), seen).catch((error: unknown) => error);
        expect(failure).toBeInstanceOf(APIError);
        expect(failure).toMatchObject({ code, message, type: ERROR_CATALOGUE[code].type, param: null });
        expect(textOf(seen)).toBe(text);
      }),
      { numRuns: 60 },
    );
  });

  it('writes each frame as the OpenAI API does, and signs of life as comments', () => {
    const head = '{"id":"chatcmpl-run-1","object":"chat.completion.chunk","created":17,"model":"gpt-x"';
    const bare = { ...subject, includeUsage: false };
    expect(texts(bare, { type: 'delta', seq: 2, content: '你"' })).toEqual([
      `data: ${head},"choices":[{"index":0,"delta":{"content":"你\\""},"logprobs":null,"finish_reason":null}]}\n\n`,
    ]);
    expect(texts(bare, { type: 'done', seq: 3, finishReason: 'length', usage })).toEqual([
      `data: ${head},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}]}\n\n`,
      'data: [DONE]\n\n',
    ]);
    expect(texts(subject, { type: 'done', seq: 3, finishReason: 'stop', usage })[1]).toBe(
      `data: ${head},"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7}}\n\n`,
    );
    expect(texts(bare, { type: 'error', seq: 3, code: 'upstream_error', message: 'x' })).toEqual([
      'data: {"error":{"message":"x","type":"api_error","param":null,"code":"upstream_error"}}\n\n',
      'data: [DONE]\n\n',
    ]);
    expect(texts(bare, { type: 'recall', seq: 3, fromSeq: 2, replace: 'x' })).toEqual([]);
    expect(texts(bare, { type: 'queued', position: 2, etaMs: 900 })).toEqual([': queued position=2 eta_ms=900\n\n']);
    expect(texts(bare, { type: 'heartbeat' })).toEqual([': heartbeat\n\n']);
  });
});

describe('chatCompletion', () => {
  it('is what the stock client types as a chat completion', () => {
    const body: OpenAI.Chat.ChatCompletion = chatCompletion(subject, '你好', 'stopped', usage);
    expect(body).toEqual({
      id: 'chatcmpl-run-1',
      object: 'chat.completion',
      created: 17,
      model: 'gpt-x',
      choices: [{ index: 0, message: { role: 'assistant', content: '你好', refusal: null }, logprobs: null, finish_reason: 'stop' }],
      usage: usageJson,
    });
  });
});
