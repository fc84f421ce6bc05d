import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { isAway } from '../../platform/errors/index.js';
import { REDIS, Script } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import type { Stage } from '../verdict.js';

const TAKE = new Script(new URL('wechat-budget-2.lua', import.meta.url));

/** WeChat's limits of `msg_sec_check` by AppID (reference: 10.4). */
const A_MINUTE = 4_000;
const A_DAY = 2_000_000;
const MOST_APPS = 5_000;
/** How long nobody asks after WeChat said that the minute, or the day, is used up. Of the day somebody looks now and then: the limit may be raised. */
const MINUTE_OVER_MS = 15_000;
const DAY_OVER_MS = 600_000;

/** Who asks WeChat: an app for one of its users. */
export interface Asker {
  readonly tenantId: string;
  readonly appId: string;
  readonly openid: string;
  /** Questions and answers have shares of their own: long answers must not use up what questions need. */
  readonly stage: Stage;
}

/** `app_over`, `user_over`: nothing was taken, since the app's budget, or this user's share of it, is used up. */
export type Grant = 'granted' | 'app_over' | 'user_over';

interface Waits {
  readonly app: number;
  readonly user: number;
}

const NOBODY_WAITS: Waits = { app: 0, user: 0 };

/** What an app may still ask WeChat, and how much of that for one user, counted by all nodes together. */
@Injectable()
export class WechatBudget {
  /** Until when an app has nothing left; asked in this process, so that a flood costs Redis nothing. */
  private readonly away = new LRUCache<string, number>({ max: MOST_APPS });

  constructor(@Inject(REDIS) private readonly redis: Redis, @Inject(CONFIG) private readonly config: Config) {}

  /** Takes `calls` calls of the app and of the user's share, all or none. Without Redis they are given: WeChat has the last word. */
  async take(asker: Asker, calls: number): Promise<Grant> {
    const key = keyOf(asker);
    if ((this.away.get(key) ?? 0) > now()) return 'app_over';
    const waits = await this.run(asker, calls, 0);
    if (waits.app > 0) this.away.set(key, now() + waits.app);
    return waits.app > 0 ? 'app_over' : waits.user > 0 ? 'user_over' : 'granted';
  }

  /** WeChat itself says that the app's are used up. Every node knows it with its next question. */
  async usedUp(asker: Asker, what: 'minute' | 'day'): Promise<void> {
    const stayMs = what === 'day' ? DAY_OVER_MS : MINUTE_OVER_MS;
    this.away.set(keyOf(asker), now() + stayMs);
    await this.run(asker, 0, stayMs);
  }

  private async run(asker: Asker, calls: number, stayMs: number): Promise<Waits> {
    const { userPerMinute, userPerDay } = this.config.moderation.wechat;
    const key = keyOf(asker);
    try {
      const [app, user] = (await TAKE.run(this.redis, [key, `${key}:${asker.stage}:${asker.openid}`], [calls, A_MINUTE, A_DAY, userPerMinute, userPerDay, stayMs])) as [number, number];
      return { app, user };
    } catch (error) {
      if (isAway(error)) return NOBODY_WAITS;
      throw error;
    }
  }
}

function keyOf({ tenantId, appId }: Asker): string {
  return `${tenantId}:wechat-checks:${appId}`;
}
