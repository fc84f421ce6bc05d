import type { Answer, Api } from './api.js';
import { makeConversation, makeTenant, type TestTenant, type TestUser } from './factories.js';
import type { Platform } from './platform.js';
import { upstreamRequests } from './upstream-script.js';

/** Every kind of token has a price of its own, so that a sum tells what was charged as what. */
const PRICES = { model: '*', input_rate: 1_000, cached_input_rate: 100, output_rate: 10_000, reasoning_rate: 10_000 };

/** A tenant with those prices. */
export async function pricedTenant(platform: Platform, staff: string, settings: object): Promise<TestTenant> {
  const tenant = await makeTenant(platform, staff, { settings });
  await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/price-lists`, { token: staff, body: PRICES });
  return tenant;
}

/** What an answer costs that came from a store, in credits. */
export function storedCost(used: { readonly prompt_tokens: number; readonly completion_tokens: number }): number {
  return Math.ceil((used.prompt_tokens * PRICES.cached_input_rate + used.completion_tokens * PRICES.output_rate) / 1_000);
}

/** A completion of one message at temperature 0, not streamed. */
export async function complete(api: Api, user: TestUser, content: string, more: object = {}, headers: Record<string, string> = {}): Promise<Answer> {
  return api.post('/v1/chat/completions', { model: 'sim-chat', temperature: 0, messages: [{ role: 'user', content }], ...more }, { token: user.token, headers });
}

/** Status and X-Cache. */
export const told = (answer: Answer): [number, string | null] => [answer.status, answer.headers.get('x-cache')];
export const words = (answer: Answer): string => answer.body.choices[0].message.content as string;

export interface Said {
  readonly conversation: string;
  readonly cache: string | null;
  readonly text: string;
  readonly last: { readonly usage: { readonly prompt_tokens: number; readonly prompt_tokens_details?: object } };
}

/** Sends a message, into a new conversation unless told, and reads the answer to its end. */
export async function say(api: Api, user: TestUser, content: string, conversationId?: string, headers: Record<string, string> = {}): Promise<Said> {
  const conversation = conversationId ?? (await makeConversation(api, user));
  const stream = await api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, headers, body: { content } });
  const events = await stream.all();
  const text = events.filter(({ event }) => event === 'delta').map(({ data }) => (data as { content: string }).content).join('');
  return { conversation, cache: stream.headers.get('x-cache'), text, last: events.at(-1)?.data as Said['last'] };
}

/** How often the simulated model was asked this, among its newest 200 requests. */
export async function askedUpstream(platform: Platform, content: string): Promise<number> {
  return (await upstreamRequests(platform)).filter((request) => request.messages.at(-1)?.content.trimEnd() === content).length;
}

/** A user's newest answers as they were charged, newest first. */
export async function usageOf(platform: Platform, user: TestUser): Promise<{ readonly credits: number; readonly completion_tokens: number; readonly prompt_tokens: number; readonly cached_tokens: number }[]> {
  return (await platform.api.ok('GET', '/v1/usage', { token: user.token })).data;
}
