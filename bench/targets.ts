import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { LoadPlan, LoadResult } from './load.js';
import { cpuMicros } from './processes.js';
import { openConversation, type Setting } from './setting.js';

export type TargetName = 'upstream' | 'baseline' | 'platform' | 'platform wxapp';

/** One measured drive at one target. CPU in µs a request. */
export interface Drive extends LoadResult {
  readonly cpu: Readonly<Record<string, number>>;
}

export interface Shape {
  readonly tokens: number;
  readonly gapMs: number;
  readonly firstTokenMs: number;
  readonly stream: boolean;
  readonly concurrency: number;
  readonly requests?: number;
  readonly seconds?: number;
  readonly rampMs?: number;
}

/** Points the one load generator at a target. */
export async function drive(setting: Setting, target: TargetName, shape: Shape, during?: () => Promise<void>): Promise<Drive> {
  const content = `你好 [[sim ${JSON.stringify({ tokens: shape.tokens, gapMs: shape.gapMs, firstTokenMs: shape.firstTokenMs })}]]`;
  const wanted = await doors(setting, target, shape, content);
  const plan: LoadPlan = {
    ...wanted, concurrency: shape.concurrency, frames: shape.stream ? shape.tokens : 1, rampMs: shape.rampMs ?? 0,
    ...(shape.requests === undefined ? {} : { requests: shape.requests }), ...(shape.seconds === undefined ? {} : { seconds: shape.seconds }),
  };
  const pids = { platform: setting.platform.pid, baseline: setting.baseline.pid, simulators: setting.simulators.pid };
  const names = ['postgres', 'redis-server'];
  const before = cpuMicros(Object.values(pids), names);
  const [result] = await Promise.all([load(plan), during?.()]);
  const after = cpuMicros(Object.values(pids), names);
  const spent = (key: string): number => Math.round(((after[key] ?? 0) - (before[key] ?? 0)) / Math.max(1, result.requests));
  return { ...result, cpu: { ...Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, spent(String(pid))])), postgres: spent('postgres'), redis: spent('redis-server') } };
}

async function doors(setting: Setting, target: TargetName, shape: Shape, content: string): Promise<Pick<LoadPlan, 'url' | 'headers' | 'paths' | 'body' | 'format'>> {
  if (target === 'platform wxapp') {
    const users = await setting.users();
    const tokens = Array.from({ length: shape.concurrency }, (_, at) => users[at % users.length] ?? '');
    const conversations = await Promise.all(tokens.map((token) => openConversation(setting.platformUrl, token)));
    return {
      url: setting.platformUrl, format: 'wxapp', body: { content }, headers: tokens.map((token) => ({ authorization: `Bearer ${token}` })),
      paths: conversations.map((id) => `/v1/conversations/${id}/messages?format=wxapp`),
    };
  }
  const url = target === 'platform' ? setting.platformUrl : target === 'baseline' ? setting.baselineUrl : setting.upstreamUrl;
  return {
    url, format: shape.stream ? 'sse' : 'json', paths: ['/v1/chat/completions'], headers: [{ authorization: `Bearer ${setting.apiKey}` }],
    body: { model: 'sim-fast', stream: shape.stream, messages: [{ role: 'user', content }] },
  };
}

function load(plan: LoadPlan): Promise<LoadResult> {
  return new Promise((found, failed) => {
    const child = spawn(process.execPath, [resolve(import.meta.dirname, 'load.js')], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.end(JSON.stringify(plan));
    let text = '';
    child.stdout.on('data', (part: Buffer) => { text += part.toString(); });
    child.once('exit', (code) => (code === 0 ? found(JSON.parse(text) as LoadResult) : failed(new Error(`the load generator ended with ${code}`))));
  });
}
