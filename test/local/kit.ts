import { vi } from 'vitest';
import type { Logger } from '../../src/platform/telemetry/index.js';
import type { CallWatch } from '../../src/upstream/stream/call-watch.js';
import type { DeltaBatch } from '../../src/upstream/stream/delta.js';
import type { UpstreamRequest } from '../../src/upstream/stream/request.js';
import type { LocalClient } from '../../src/upstream/local/local.client.js';
import type { LocalModelOptions } from '../../src/upstream/local/local-engine.process.js';

export const OPTIONS: LocalModelOptions = { sequences: 2, queue: 8, queueMs: 10_000, contextTokens: 1_024, threads: 1, loadMs: 20_000, cancelMs: 10_000 };
export const TIMEOUTS = { connectMs: 1_000, firstTokenMs: 10_000, betweenTokensMs: 10_000, thoughtMs: 10_000 };

export function request(content = 'Who are you?', more: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return { model: 'tiny', messages: [{ role: 'user', content }], maxTokens: 100, sampling: { temperature: 0 }, ...more };
}

/** Writes down what a call reports. */
export function watched(seen: string[] = []): CallWatch {
  return { headers: () => void seen.push('accepted'), usage: ({ promptTokens, completionTokens }) => void seen.push(`usage ${promptTokens} + ${completionTokens}`), whole: () => void seen.push('whole'), broke: () => void seen.push('broke') };
}

/** How an answer ended: the last batch without its words, since how many of them came with it is chance. */
type Ending = Omit<DeltaBatch, 'contents'>;

/** The whole of an answer. */
export async function ask(client: LocalClient, wish: UpstreamRequest, signal: AbortSignal = AbortSignal.timeout(25_000), watch: CallWatch = watched()): Promise<{ readonly text: string; readonly last: Ending | undefined }> {
  let text = '';
  let last: Ending | undefined;
  for await (const { contents, ...rest } of await client.open(wish, signal, watch)) {
    text += contents.join('');
    last = rest;
  }
  return { text, last };
}

/** What a log would have held. */
export interface HeldLog {
  readonly lines: { readonly level: 'info' | 'warn'; readonly fields: Record<string, unknown>; readonly message: string }[];
  readonly logger: Logger;
}

export function heldLog(): HeldLog {
  const lines: HeldLog['lines'] = [];
  const at = (level: 'info' | 'warn') => (fields: Record<string, unknown>, message: string) => void lines.push({ level, fields, message });
  return { lines, logger: { info: at('info'), warn: at('warn') } as unknown as Logger };
}

/** Repeats an assertion until it holds: for what another process does in its own time. */
export async function until(assertion: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(assertion, { timeout: 10_000, interval: 25 });
}
