import { randomUUID } from 'node:crypto';
import { logInAsAdmin } from '../../launch/demo-tenant.js';
import { must, type Json } from '../chaos/client.js';
import { BENCH_ADMIN, type Served, type Stand } from '../stand.js';

export const GATE_MODEL = 'gate-model';

/** What a channel of the bench is granted, by us and by the simulated provider alike. */
export interface Allowance {
  readonly key: string;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly concurrent?: number;
  readonly priority?: number;
}

/** What the simulated provider counted of a key. */
export interface KeyCount {
  readonly accepted: number;
  readonly acceptedTokens: number;
  readonly refused: number;
  readonly violated: number;
  readonly violations: Readonly<Record<string, number>>;
  readonly maxRequestsPerMinute: number;
  readonly maxTokensPerMinute: number;
  readonly byTag: Readonly<Record<string, { readonly accepted: number }>>;
}

/** A tenant and a key of one of its users. */
export interface Customer {
  readonly name: string;
  readonly apiKey: string;
  readonly weight: number;
}

/** An api node and its workers in front of a provider that keeps count of every violation. */
export class World {
  private constructor(private readonly stand: Stand, readonly api: Served, readonly workers: readonly Served[], private readonly admin: string) {}

  /** @param workers processes beside the api node; 0: one process is both. */
  static async open(stand: Stand, workers: number, extra: Readonly<Record<string, string>> = {}): Promise<World> {
    const env = { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1,localhost', ...extra };
    const api = await stand.startPlatform({ env: { ...env, ROLE: workers === 0 ? 'all' : 'api' } });
    const served = [];
    for (let n = 0; n < workers; n += 1) served.push(await stand.startPlatform({ env: { ...env, ROLE: 'worker' } }));
    const admin = await logInAsAdmin(api.url, { ...BENCH_ADMIN, made: false, markShown: () => undefined }, stand.signal);
    const world = new World(stand, api, served, admin ?? '');
    await world.staff('PUT', `/admin/v1/models/${GATE_MODEL}`, { context_window: 32_000, max_answer_tokens: 4_000 });
    return world;
  }

  /** Enters a channel, and tells the provider the same limits for its key. */
  async grant(allowance: Allowance): Promise<string> {
    const { key, requestsPerMinute, tokensPerMinute, concurrent, priority } = allowance;
    await this.control('PUT', 'limits', { key, requestsPerMinute, tokensPerMinute, concurrent });
    const channel = (await this.staff('POST', '/admin/v1/channels', {
      name: key, base_url: this.stand.simulators.openai, api_key: key, models: [{ model: GATE_MODEL, upstream_name: 'sim-chat' }],
      requests_per_minute: requestsPerMinute, tokens_per_minute: tokensPerMinute, max_concurrent: concurrent, priority,
    })) as { readonly id: string };
    return channel.id;
  }

  async customer(name: string, weight = 1): Promise<Customer> {
    const appId = `wx${randomUUID().replaceAll('-', '').slice(0, 16)}`;
    await must('POST', `${this.stand.simulators.wechat}/control/apps`, { body: { appid: appId, secret: 'simulated' } });
    await this.staff('POST', '/admin/v1/tenants', { slug: name, display_name: name, app_id: appId, app_secret: 'simulated', settings: { signup_credits: 1_000_000_000_000, queue_weight: weight } });
    const { code } = (await must('POST', `${this.stand.simulators.wechat}/control/codes`, { body: { appid: appId, user: name } })) as { code: string };
    const { access_token: token } = (await must('POST', `${this.api.url}/v1/auth/wechat`, { headers: { 'x-tenant': name }, body: { code } })) as { access_token: string };
    const { key } = (await must('POST', `${this.api.url}/v1/api-keys`, { token, body: { name: 'bench' } })) as { key: string };
    return { name, apiKey: key, weight };
  }

  /** Ends the processes; the stores stay for the next. */
  async close(): Promise<void> {
    for (const served of [this.api, ...this.workers]) await this.stand.end(served);
  }

  /** The simulated provider's control endpoint. */
  async control(method: string, path: string, body?: unknown): Promise<Json> {
    return must(method, `${new URL(this.stand.simulators.openai).origin}/control/${path}`, body === undefined ? {} : { body });
  }

  async counts(): Promise<Readonly<Record<string, KeyCount>>> {
    return ((await this.control('GET', 'keys')) as { readonly keys: Readonly<Record<string, KeyCount>> }).keys;
  }

  /** Sends a text file as staff does. */
  async upload(path: string, text: string): Promise<void> {
    const response = await fetch(`${this.api.url}${path}`, { method: 'POST', headers: { authorization: `Bearer ${this.admin}`, 'content-type': 'text/plain' }, body: text, signal: this.stand.signal });
    if (!response.ok) throw new Error(`${path} answered ${response.status} ${await response.text()}`);
  }

  async staff(method: string, path: string, body?: unknown): Promise<Json> {
    return must(method, `${this.api.url}${path}`, { token: this.admin, ...(body === undefined ? {} : { body }) });
  }
}
