import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OpenAiClient } from './openai.client.js';
import { Transport } from './transport.js';

/** Often enough for the engine to have compiled what every answer runs through. */
const ROUNDS = 30;
const TIMEOUTS = { connectMs: 1_000, firstTokenMs: 1_000, betweenTokensMs: 1_000, thoughtMs: 1_000 };
const CHUNKS = [
  { choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] },
  ...['一', '二', '三'].map((content) => ({ choices: [{ index: 0, delta: { content }, finish_reason: null }] })),
  { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 3 } },
];

/** Reads answers of a server of its own on loopback, so that the first real one does not pay for code that was never run. Errors: those of a call. */
export async function rehearse(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume().once('end', () => void answer(response));
  }).listen(0, '127.0.0.1');
  const transport = new Transport({ connectMs: TIMEOUTS.connectMs });
  try {
    await once(server, 'listening');
    const client = new OpenAiClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, apiKey: 'none' }, transport, TIMEOUTS);
    for (let round = 0; round < ROUNDS; round += 1) await call(client);
  } finally {
    await transport.close();
    server.close();
  }
}

async function call(client: OpenAiClient): Promise<void> {
  const watch = { headers: () => undefined, usage: () => undefined, whole: () => undefined, broke: () => undefined };
  const stream = await client.open({ model: 'm', messages: [{ role: 'user', content: '你好' }], maxTokens: 10, sampling: {} }, new AbortController().signal, watch);
  for await (const batch of stream) if (batch.contents.length > 3) throw new Error('a rehearsal went wrong');
}

/** In two writes, as an answer comes. */
async function answer(response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const [first, ...rest] = CHUNKS.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);
  await new Promise((resolve) => { response.write(first, resolve); });
  response.end([...rest, 'data: [DONE]\n\n'].join(''));
}
