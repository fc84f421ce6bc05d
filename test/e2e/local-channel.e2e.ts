import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeApiKey, makeModel, makeTenant } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { ROOT } from '../kit/servers.js';
import { switchUpstream } from '../kit/upstream-keys.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

const installed = existsSync(resolve(ROOT, 'engines/llama/node_modules/node-llama-cpp'));
const SENTENCE = /^This answer comes/;

let platform: Platform;
let staff: string;
let key: string;
let folder: string;
let file: string;
let made = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'local-channel-'));
  file = join(folder, 'tiny.gguf');
  const tiny = spawn(process.execPath, [resolve(ROOT, 'dist/models/tiny.js'), file], { stdio: 'ignore' });
  expect((await once(tiny, 'exit'))[0]).toBe(0);
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', LOCAL_MODEL_CONTEXT_TOKENS: '1024', LOCAL_MODEL_THREADS: '1' } });
  staff = await admin(platform);
  key = await makeApiKey(platform, await logIn(platform, await makeTenant(platform, staff)));
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await rm(folder, { recursive: true });
});

/** A model of its own, served by these channels in this order. */
async function model(...channels: readonly Record<string, unknown>[]): Promise<string> {
  made += 1;
  const name = `sim-local-${made}`;
  await makeModel(platform, staff, name, { context_window: 1_000, max_answer_tokens: 100 });
  for (const [priority, channel] of channels.entries()) await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body: { name: `local ${made}-${priority}`, models: [{ model: name, upstream_name: 'sim-chat' }], priority, ...channel } });
  return name;
}

const ask = (name: string, content = 'Hello') => platform.api.post('/v1/chat/completions', { model: name, messages: [{ role: 'user', content }] }, { token: key });

describe.skipIf(!installed)(`a model of our own${installed ? '' : ' (SKIPPED: the engine is not installed, "npm run model:engine" does it)'}`, () => {
  it('answers like any other, and its tokens are counted by its own counter', async () => {
    const answer = await ask(await model({ kind: 'local', base_url: file }));
    expect(answer.status).toBe(200);
    expect(answer.body.choices[0].message.content).toMatch(SENTENCE);
    expect(answer.body.usage.completion_tokens).toBeGreaterThan(3);
  }, 30_000);

  it('steps in when the remote channel is down', async () => {
    const name = await model({ base_url: platform.servers.openaiUrl, api_key: 'sk-remote' }, { kind: 'local', base_url: file });
    expect((await ask(name, scripted({ text: '远方' }))).body.choices[0].message.content).toBe('远方');
    await switchUpstream(platform, '500', 'sk-remote');
    expect((await ask(name)).body.choices[0].message.content).toMatch(SENTENCE);
    await resetUpstream(platform);
  }, 30_000);
});

it('a file that is no model is a channel that is not available, and changes nothing for others', async () => {
  const broken = await model({ kind: 'local', base_url: join(folder, 'nothing.gguf') });
  expect(await ask(broken)).toMatchObject({ status: 502, body: { error: { code: 'upstream_error' } } });
  const behind = await model({ kind: 'local', base_url: join(folder, 'nothing.gguf') }, { base_url: platform.servers.openaiUrl, api_key: 'sk-remote' });
  expect((await ask(behind, scripted({ text: '照常' }))).body.choices[0].message.content).toBe('照常');
}, 60_000);
