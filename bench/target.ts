import type { AnswerFormat } from './load/plan.js';
import type { Served, Stand } from './stand.js';
import { BENCH_MODEL } from './stand.js';
import type { Accounts, OpenConversation } from './tenant.js';

export type TargetName = 'simulator' | 'baseline' | 'platform' | 'wxapp';

/** How the upstream simulator is to answer. Times in milliseconds. */
export interface Behaviour {
  readonly tokens: number;
  readonly firstTokenMs: number;
  readonly gapMs: number;
}

/** Something that the load generator can drive. */
export interface Target {
  readonly name: TargetName;
  readonly host: string;
  readonly port: number;
  readonly format: AnswerFormat;
  /** Process whose CPU and memory count as the target's own. */
  readonly pid: number;
  readonly requests: readonly string[];
}

/** The simulator without anything in front of it. */
export function simulatorTarget(stand: Stand, behaviour: Behaviour, stream: boolean): Target {
  return completionTarget('simulator', stand.simulators.openai, stand.simulators.child.pid, 'simulated', behaviour, stream);
}

export function baselineTarget(served: Served, behaviour: Behaviour, stream: boolean): Target {
  return completionTarget('baseline', served.url, served.child.pid, 'simulated', behaviour, stream);
}

/** The platform's OpenAI-compatible door, with an API key. */
export function platformTarget(served: Served, accounts: Accounts, behaviour: Behaviour, stream: boolean): Target {
  return completionTarget('platform', served.url, served.child.pid, accounts.apiKey, behaviour, stream);
}

/** The platform's door for mini-programs: a message into a conversation each, with login tokens. */
export function wxappTarget(served: Served, conversations: readonly OpenConversation[], behaviour: Behaviour): Target {
  const body = JSON.stringify({ content: question(behaviour) });
  const requests = conversations.map(({ id, token }) => requestText(served.url, `/v1/conversations/${id}/messages?format=wxapp`, token, body));
  return { ...address(served.url), name: 'wxapp', format: 'wxapp', pid: served.child.pid, requests };
}

function completionTarget(name: TargetName, url: string, pid: number, key: string, behaviour: Behaviour, stream: boolean): Target {
  const body = JSON.stringify({ model: BENCH_MODEL, messages: [{ role: 'user', content: question(behaviour) }], ...(stream ? { stream: true } : {}) });
  return { ...address(url), name, format: stream ? 'openai' : 'completion', pid, requests: [requestText(url, '/v1/chat/completions', key, body)] };
}

function question(behaviour: Behaviour): string {
  return `今天天气怎么样？[[sim ${JSON.stringify(behaviour)}]]`;
}

function address(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number.parseInt(port, 10) };
}

function requestText(url: string, path: string, token: string, body: string): string {
  return [
    `POST ${path} HTTP/1.1`, `host: ${new URL(url).host}`, `authorization: Bearer ${token}`, 'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`, '', body,
  ].join('\r\n');
}
