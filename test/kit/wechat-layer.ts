import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Redis } from 'ioredis';
import { inject } from 'vitest';
import type { UserService } from '../../src/identity/index.js';
import { WechatChecker } from '../../src/moderation/checkers/wechat-checker.client.js';
import { WechatBudget } from '../../src/moderation/checkers/wechat-budget.repository.js';
import type { Config } from '../../src/platform/config/index.js';
import { makeContext, type RequestContext } from '../../src/platform/context/index.js';
import { Sealer } from '../../src/platform/crypto/index.js';
import { newId } from '../../src/platform/values/index.js';
import { AccessTokenRepository } from '../../src/tenants/wechat/access-token.repository.js';
import { AccessTokens } from '../../src/tenants/wechat/access-tokens.service.js';
import type { CallingApp, TenantApp } from '../../src/tenants/wechat/tenant-app.js';
import type { TenantApps } from '../../src/tenants/wechat/tenant-apps.service.js';
import { TenantWechat } from '../../src/tenants/wechat/tenant-wechat.service.js';
import { WechatApi } from '../../src/wechat/index.js';
import { WechatStandIn, type StandInCall } from './wechat-stand-in.js';

export const TOKEN_PATH = '/cgi-bin/stable_token';
export const CHECK_PATH = '/wxa/msg_sec_check';
export const PASSES = { errcode: 0, errmsg: 'ok', trace_id: 'trace-1', result: { suggest: 'pass', label: 100 }, detail: [] };

/** WeChat as far as tokens and checks go; what a test overrides is what it is about. */
export class FakeWechat {
  private issued = 1;
  /** The tokens that calls are accepted with. */
  valid = new Set(['token-1']);
  /** What `stable_token` gives unless it is forced. */
  current = 'token-1';
  expiresIn = 7_200;
  /** In place of an answer. */
  onToken: ((call: StandInCall) => unknown) | undefined;
  onCheck: ((call: StandInCall, response: ServerResponse) => unknown) | undefined;

  private constructor(readonly host: WechatStandIn) {}

  static async start(): Promise<FakeWechat> {
    const host = await WechatStandIn.start((call, response) => wechat.answer(call, response));
    const wechat = new FakeWechat(host);
    return wechat;
  }

  /** Takes the token back; with `silently` WeChat goes on to give it out. */
  revoke(silently = false): void {
    this.valid.clear();
    if (!silently) this.issue();
  }

  get asked(): readonly boolean[] {
    return this.host.to(TOKEN_PATH).map(({ body }) => body.force_refresh === true);
  }

  private issue(): void {
    this.issued += 1;
    this.current = `token-${this.issued}`;
    this.valid.add(this.current);
  }

  private async answer(call: StandInCall, response: ServerResponse): Promise<unknown> {
    if (call.path === TOKEN_PATH) {
      if (this.onToken !== undefined) return this.onToken(call);
      if (call.body.force_refresh === true) this.issue();
      // Long enough for everybody who asks at once to be there.
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { access_token: this.current, expires_in: this.expiresIn };
    }
    if (!this.valid.has(call.token ?? '')) return { errcode: 40001, errmsg: 'invalid credential, access_token is invalid or not latest, rid: 1' };
    return this.onCheck === undefined ? PASSES : this.onCheck(call, response);
  }
}

/** What the nodes of a platform share. */
export class Ground {
  readonly tenantId = newId();
  app: TenantApp = { tenantId: this.tenantId, appId: `wx${randomBytes(8).toString('hex')}`, appSecret: 'the-secret', push: undefined };
  readonly sealer = new Sealer({ current: 1, byVersion: new Map([[1, randomBytes(32)]]) });
  readonly openids = new Map<string, string>();
  /** What one user may have; more than the app unless a test is about it. */
  share = { userPerMinute: 10_000, userPerDay: 10_000_000 };
  private readonly nodes: LayerNode[] = [];

  private constructor(readonly wechat: FakeWechat, readonly redis: Redis) {}

  static async open(): Promise<Ground> {
    return new Ground(await FakeWechat.start(), await connect());
  }

  /** @param apiBaseUrl the fake unless told */
  async node(apiBaseUrl = this.wechat.host.url): Promise<LayerNode> {
    const node = new LayerNode(this, await connect(), apiBaseUrl);
    this.nodes.push(node);
    return node;
  }

  /** A user who came by the mini-program. */
  user(via: 'session' | 'api_key' = 'session'): RequestContext {
    const userId = newId();
    this.openids.set(userId, `o-${userId}`);
    return makeContext({ tenantId: this.tenantId, actor: { kind: 'user', userId, via, credentialId: newId() }, requestId: 'test', locale: 'zh', client: 'wxapp', platform: 'other' });
  }

  get callingApp(): CallingApp {
    return this.app as CallingApp;
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
    await this.redis.flushdb();
    this.redis.disconnect();
    await this.wechat.host.stop();
  }
}

/** One process: memory, connection and pool of its own. */
export class LayerNode {
  readonly api: WechatApi;
  readonly repository: AccessTokenRepository;
  readonly tokens: AccessTokens;
  readonly tenantWechat: TenantWechat;
  readonly budget: WechatBudget;
  readonly checker: WechatChecker;

  constructor(ground: Ground, readonly redis: Redis, apiBaseUrl: string) {
    this.api = new WechatApi({ wechat: { apiBaseUrl } } as Config);
    this.repository = new AccessTokenRepository(redis, ground.sealer);
    this.tokens = new AccessTokens(this.repository, this.api);
    this.tenantWechat = new TenantWechat({ of: async () => ground.app } as unknown as TenantApps, this.tokens, this.api);
    this.budget = new WechatBudget(redis, { moderation: { get wechat() { return ground.share; } } } as Config);
    this.checker = new WechatChecker(this.tenantWechat, { openidOf: async (_: unknown, userId: string) => ground.openids.get(userId) } as unknown as UserService, this.budget);
  }

  async close(): Promise<void> {
    this.redis.disconnect();
    await this.api.onApplicationShutdown();
  }
}

async function connect(): Promise<Redis> {
  const servers = inject('servers');
  const url = new URL(servers.redisUrl);
  url.pathname = `/${servers.redisDatabases - 2}`;
  const redis = new Redis(url.toString(), { enableOfflineQueue: false, maxRetriesPerRequest: 0, enableAutoPipelining: true, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  await redis.connect();
  return redis;
}
