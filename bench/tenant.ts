import { logInAsAdmin } from '../launch/demo-tenant.js';
import { type JsonRequest, askJson } from '../launch/json-client.js';
import { BENCH_ADMIN } from './stand.js';

const SLUG = 'bench';
const APP_ID = 'wxbbbbbbbbbbbbbbbb';
const APP_SECRET = 'simulated-app-secret';
const USERS = 20;
const AT_ONCE = 8;

const OFF = { mode: 'off' };
/** The way of a message without what judges it: that has a bench of its own, and it joins tokens, which are counted here. */
const UNJUDGED = { input: { local: OFF, wechat: OFF, openai: OFF }, output: { local: OFF, wechat: OFF, openai: OFF } };

/** What a client of the platform needs. Made through its API, as any client would. */
export interface Accounts {
  readonly apiKey: string;
  /** Access tokens of users who logged in through WeChat. Good for a quarter of an hour. */
  readonly tokens: readonly string[];
}

/** Makes a tenant, users and an API key on the platform at `url`. Throws when anything is refused. */
export async function makeAccounts(url: string, wechat: string, signal: AbortSignal): Promise<Accounts> {
  const admin = await logInAsAdmin(url, { ...BENCH_ADMIN, made: false, markShown: () => undefined }, signal);
  await ask(`${wechat}/control/apps`, { body: { appid: APP_ID, secret: APP_SECRET }, signal });
  const tenant = await ask(`${url}/admin/v1/tenants`, { headers: bearer(admin ?? ''), signal, body: { slug: SLUG, display_name: 'Bench', app_id: APP_ID, app_secret: APP_SECRET, settings: { signup_credits: 1_000_000_000_000 } } });
  await ask(`${url}/admin/v1/tenants/${text(tenant['id'])}/moderation/policy`, { method: 'PATCH', headers: bearer(admin ?? ''), signal, body: UNJUDGED });
  const tokens: string[] = [];
  for (let user = 0; user < USERS; user += 1) {
    const { code } = await ask(`${wechat}/control/codes`, { body: { appid: APP_ID, user: `bench-${user}` }, signal });
    tokens.push(text((await ask(`${url}/v1/auth/wechat`, { headers: { 'x-tenant': SLUG }, body: { code }, signal }))['access_token']));
  }
  const { key } = await ask(`${url}/v1/api-keys`, { headers: bearer(tokens[0] ?? ''), body: { name: 'bench' }, signal });
  return { apiKey: text(key), tokens };
}

/** A conversation and the token of its owner. */
export interface OpenConversation {
  readonly id: string;
  readonly token: string;
}

/** Opens conversations, spread evenly over the users. */
export async function openConversations(url: string, accounts: Accounts, count: number, signal: AbortSignal): Promise<readonly OpenConversation[]> {
  const made: OpenConversation[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) {
      const token = accounts.tokens[next++ % accounts.tokens.length] ?? '';
      const { id } = await ask(`${url}/v1/conversations`, { headers: bearer(token), body: {}, signal });
      made.push({ id: text(id), token });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return made;
}

async function ask(url: string, request: JsonRequest): Promise<Readonly<Record<string, unknown>>> {
  const answer = await askJson(url, { method: 'POST', timeoutMs: 15_000, ...request });
  if (answer.status >= 300) throw new Error(`POST ${new URL(url).pathname} answered ${answer.status}: ${JSON.stringify(answer.body).slice(0, 300)}`);
  return answer.body;
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error('the platform left out a field of its answer');
  return value;
}
