import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../kit/servers.js';

it('chats and top-ups add up to the last credit and fen while everything is killed now and then', async () => {
  const child = spawn(process.execPath, [resolve(ROOT, 'dist/bench/chaos-money.js'), '--kills', '6', '--people', '3'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.on('close', done));
  expect([code, output]).toEqual([0, expect.stringContaining('not a fen, not a credit is missing')]);
}, 300_000);
