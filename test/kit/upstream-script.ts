import { upstreamControl } from './upstream-control.js';
import type { Platform } from './platform.js';

/** How the simulated model shall behave for one question (simulators/README.md lists all of it). */
export interface Behaviour {
  readonly text?: string;
  readonly tokens?: number;
  readonly firstTokenMs?: number;
  readonly gapMs?: number;
  readonly [field: string]: unknown;
}

let asked = 0;

/** A question that scripts its own answer. Every question is another, so that counted behaviours do not meet. */
export function scripted(behaviour: Behaviour, words = '你好'): string {
  asked += 1;
  return `${words} ${process.pid}.${asked} [[sim ${JSON.stringify({ firstTokenMs: 0, gapMs: 0, ...behaviour })}]]`;
}

/** The same, with the answer's words in it as escapes: who judges the question does not find them there. */
export function unseen(behaviour: Behaviour, words?: string): string {
  return scripted(behaviour, words).replace(/(?<=\[\[sim .*)[^\x00-\x7f]/gu, (character) => [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''));
}

/** What the simulated model has seen. */
export async function upstreamCounters(platform: Platform, wait = ''): Promise<Record<string, number>> {
  const response = await fetch(new URL(`/control/counters${wait}`, platform.servers.openaiUrl));
  return (await response.json()) as Record<string, number>;
}

/** Forgets scripts, counters, and everything about API keys. */
export async function resetUpstream(platform: Platform): Promise<void> {
  for (const path of ['script', 'counters', 'limits', 'behaviours', 'keys']) await upstreamControl(platform, 'DELETE', path);
}

/** The newest chat requests that the simulated model got, oldest first. */
export async function upstreamRequests(platform: Platform): Promise<readonly { readonly messages: readonly { readonly role: string; readonly content: string }[] }[]> {
  const response = await fetch(new URL('/control/counters', platform.servers.openaiUrl));
  const { requests } = (await response.json()) as { requests: { path: string; body: { messages: { role: string; content: string }[] } }[] };
  return requests.filter(({ path }) => path.endsWith('/chat/completions')).map((request) => request.body);
}
