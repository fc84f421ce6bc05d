import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EnginePackage } from '../../src/upstream/local/engine/engine-package.locator.js';

const { script } = new EnginePackage();

it("the engine's process ends with the app, but not by a signal for the whole group", async () => {
  const child = fork(script, [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const ended = once(child, 'exit');
  // Its answer to a command shows that it is up, and deaf to the signals.
  child.send({ type: 'generate', id: 1, messages: [], maxTokens: 1, sampling: {} });
  expect((await once(child, 'message'))[0]).toMatchObject({ type: 'failed', id: 1, reason: 'engine' });
  child.kill('SIGINT');
  child.kill('SIGTERM');
  child.send({ type: 'generate', id: 2, messages: [], maxTokens: 1, sampling: {} });
  expect((await once(child, 'message'))[0]).toMatchObject({ id: 2 });
  child.disconnect();
  expect(await ended).toEqual([0, null]);
});

it("the engine's process says so where node-llama-cpp is not installed", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'no-engine-'));
  try {
    await cp(script, join(folder, 'serve.ts'));
    const child = fork(join(folder, 'serve.ts'), [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const ended = once(child, 'exit');
    child.send({ type: 'load', path: '/nowhere.gguf', sequences: 1, contextTokens: 64, threads: 1 });
    expect((await once(child, 'message'))[0]).toMatchObject({ type: 'load_failed', reason: 'absent' });
    child.send({ type: 'exit' });
    expect(await ended).toEqual([0, null]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
