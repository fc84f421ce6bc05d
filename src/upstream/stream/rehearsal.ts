import { OpenAiClient } from './openai.client.js';

/** Often enough for the engine to have compiled what every answer runs through. */
const ROUNDS = 30;
const TIMEOUTS = { connectMs: 1_000, firstTokenMs: 1_000, betweenTokensMs: 1_000 };
const CHUNKS = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
  ...['一', '二', '三'].map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 3 } },
];

/** Reads answers that nobody sent, so that the first real one does not pay for code that was never run. Talks to nobody. */
export async function rehearse(): Promise<void> {
  const client = new OpenAiClient({ baseUrl: 'http://rehearsal.invalid/v1', apiKey: 'none' }, { fetch: () => Promise.resolve(answer()) }, TIMEOUTS);
  const watch = { headers: () => undefined, usage: () => undefined, whole: () => undefined, broke: () => undefined };
  for (let round = 0; round < ROUNDS; round += 1) {
    const stream = await client.open({ model: 'm', messages: [{ role: 'user', content: '你好' }], maxTokens: 10, sampling: {} }, new AbortController().signal, watch);
    for await (const batch of stream) if (batch.contents.length > 3) throw new Error('a rehearsal went wrong');
  }
}

function answer(): Response {
  return { ok: true, status: 200, headers: new Headers(), rawHeaders: {}, url: '', body: bytes() } as unknown as Response;
}

async function* bytes(): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const chunk of CHUNKS) yield await Promise.resolve(encoder.encode(`data: ${JSON.stringify(chunk)}\n\n`));
  yield encoder.encode('data: [DONE]\n\n');
}
