import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { Sealer, sha256, type SealPlace } from '../../platform/crypto/index.js';
import { isAway } from '../../platform/errors/index.js';
import { REDIS, Script } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import type { AccessToken } from './access-token.js';
import type { CallingApp } from './tenant-app.js';

const UNLOCK = new Script(new URL('unlock-1.lua', import.meta.url));

/** As long as asking takes; a holder that is slower than that is not waited for. */
const LOCK_MS = 6_000;
/** WeChat lets an app force 20 times a day, 30 s apart; the rest is left to people. */
const FORCED_APART_MS = 30_000;
const FORCED_A_DAY = 10;
const DAY_SECONDS = 86_400;
/** Renewals of an app, by all nodes, while its tokens are refused one after the other. */
const RENEWALS = 6;
const RENEWALS_MS = 30_000;

/**
 * The access tokens of all nodes, sealed, in Redis. They lie here and not with the protocol, since a token is as good
 * as the secret that it was got with: its place is bound to the tenant, the AppID and the secret, so that whoever
 * enters an AppID that was another tenant's, or a secret that is wrong, finds nothing.
 * While Redis is away every node asks for itself, which costs WeChat little: it gives all of them the same token.
 */
@Injectable()
export class AccessTokenRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis, private readonly sealer: Sealer) {}

  async find(app: CallingApp): Promise<AccessToken | undefined> {
    const sealed = await unlessAway(this.redis.get(nameOfApp(app)), null);
    const token = sealed === null ? undefined : this.opened(app, sealed);
    return token !== undefined && token.usableUntil > now() ? token : undefined;
  }

  async keep(app: CallingApp, token: AccessToken): Promise<void> {
    const lifeMs = Math.floor(token.usableUntil - now());
    if (lifeMs > 0) await unlessAway(this.redis.set(nameOfApp(app), this.sealer.seal(JSON.stringify(token), placeOf(app)), 'PX', lifeMs), null);
  }

  /** Whether `holder` is the one who asks WeChat now. */
  async lock(app: CallingApp, holder: string): Promise<boolean> {
    return (await unlessAway(this.redis.set(`${nameOfApp(app)}:lock`, holder, 'PX', LOCK_MS, 'NX'), 'OK')) === 'OK';
  }

  async unlock(app: CallingApp, holder: string): Promise<void> {
    await unlessAway(UNLOCK.run(this.redis, [`${nameOfApp(app)}:lock`], [holder]), null);
  }

  /** Takes one of the renewals that the app has. */
  async mayRenew(app: CallingApp): Promise<boolean> {
    return (await unlessAway(this.count(`${nameOfApp(app)}:renewals`, RENEWALS_MS), 0)) <= RENEWALS;
  }

  /** Takes the right to have the app's token killed and replaced. Never without Redis: nodes would kill each other's. */
  async mayForce(app: CallingApp): Promise<boolean> {
    const apart = await unlessAway(this.redis.set(`${nameOfApp(app)}:forced`, '1', 'PX', FORCED_APART_MS, 'NX'), null);
    return apart === 'OK' && (await unlessAway(this.count(`${nameOfApp(app)}:forced-today`, DAY_SECONDS * 1_000), Infinity)) <= FORCED_A_DAY;
  }

  private async count(key: string, windowMs: number): Promise<number> {
    // The window is there before the count, so that none is left without an end.
    await this.redis.set(key, '0', 'PX', windowMs, 'NX');
    return this.redis.incr(key);
  }

  /** Undefined for what does not open: sealed under a key that is gone, or damaged. */
  private opened(app: CallingApp, sealed: string): AccessToken | undefined {
    try {
      return JSON.parse(this.sealer.open(sealed, placeOf(app))) as AccessToken;
    } catch {
      return undefined;
    }
  }
}

/** One name for an app with this very secret. */
export function nameOfApp({ tenantId, appId, appSecret }: CallingApp): string {
  return `${tenantId}:wechat-token:${appId}:${sha256(`${appId}\n${appSecret}`).slice(0, 24)}`;
}


function placeOf(app: CallingApp): SealPlace {
  return { tenantId: app.tenantId, row: nameOfApp(app), field: 'access_token' };
}

async function unlessAway<T, F>(answer: Promise<T>, otherwise: F): Promise<T | F> {
  try {
    return await answer;
  } catch (error) {
    if (isAway(error)) return otherwise;
    throw error;
  }
}
