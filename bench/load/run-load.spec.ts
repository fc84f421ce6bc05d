import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { LoadPlan } from './plan.js';
import { runLoad } from './run-load.js';

const REQUEST = 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}';
const CHUNK = 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n';
let server: Server | undefined;

async function plan(handler: (request: IncomingMessage, response: ServerResponse) => void, more: Partial<LoadPlan> = {}): Promise<LoadPlan> {
  const made = createServer(handler);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  const address = made.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { host: '127.0.0.1', port, requests: [REQUEST], format: 'openai', tokens: 2, slots: 3, rampMs: 0, turns: 2, answerTimeoutMs: 2_000, ...more };
}

describe('runLoad', () => {
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  it('counts whole answers over kept connections and says when all slots are open', async () => {
    let connections = 0;
    let opened = 0;
    const made = await plan((_request, response) => {
      response.write(CHUNK);
      response.end(`${CHUNK}data: [DONE]\n\n`);
    });
    server?.on('connection', () => { connections += 1; });
    const result = await runLoad(made, () => { opened += 1; });
    expect(result).toMatchObject({ answers: 6, frames: 12, errors: {} });
    expect(result.firstMs).toHaveLength(6);
    expect([connections, opened]).toEqual([3, 1]);
  });

  it('names what went wrong', async () => {
    const answers = [
      (response: ServerResponse) => response.writeHead(503).end('no'),
      (response: ServerResponse) => response.end(`${CHUNK}data: [DONE]\n\n`),
      (response: ServerResponse) => response.destroy(),
    ];
    const made = await plan((_request, response) => void answers.shift()?.(response), { slots: 1, turns: 3 });
    const result = await runLoad(made, () => undefined);
    expect(result.answers).toBe(0);
    expect(result.errors).toEqual({ 'status 503': 1, 'wrong number of frames': 1, 'connection closed': 1 });
  });

  it('gives up on an answer that does not come', async () => {
    const made = await plan((_request, response) => void response.write(CHUNK), { slots: 1, turns: 1, answerTimeoutMs: 100 });
    expect((await runLoad(made, () => undefined)).errors).toEqual({ timeout: 1 });
  });

  it('reads bodies of a given length', async () => {
    const body = '{"choices":[{"message":{"content":"x"}}],"usage":{"completion_tokens":2}}';
    const made = await plan((_request, response) => void response.end(body), { format: 'completion' });
    expect(await runLoad(made, () => undefined)).toMatchObject({ answers: 6, errors: {} });
  });
});
