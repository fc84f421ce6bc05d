import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { isAway } from '../../platform/errors/index.js';
import { REDIS, Script } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';

const TAKE = new Script(new URL('wechat-budget-1.lua', import.meta.url));

/** WeChat's limits of `msg_sec_check` by AppID (reference: 10.4). */
const A_MINUTE = 4_000;
const A_DAY = 2_000_000;
const MOST_APPS = 5_000;
/** How long nobody asks after WeChat said that the minute, or the day, is used up. Of the day somebody looks now and then: the limit may be raised. */
const MINUTE_OVER_MS = 15_000;
const DAY_OVER_MS = 600_000;

/** What an app may still ask WeChat, counted by all nodes together. */
@Injectable()
export class WechatBudget {
  /** Until when an app has nothing left; asked in this process, so that a flood costs Redis nothing. */
  private readonly away = new LRUCache<string, number>({ max: MOST_APPS });

  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  /** Takes `calls` calls, all or none. Without Redis they are given: WeChat has the last word. */
  async take(tenantId: string, appId: string, calls: number): Promise<boolean> {
    const key = keyOf(tenantId, appId);
    if ((this.away.get(key) ?? 0) > now()) return false;
    const waitMs = await this.run(key, calls, 0);
    if (waitMs > 0) this.away.set(key, now() + waitMs);
    return waitMs === 0;
  }

  /** WeChat itself says that they are used up. Every node knows it with its next question. */
  async usedUp(tenantId: string, appId: string, what: 'minute' | 'day'): Promise<void> {
    const key = keyOf(tenantId, appId);
    const stayMs = what === 'day' ? DAY_OVER_MS : MINUTE_OVER_MS;
    this.away.set(key, now() + stayMs);
    await this.run(key, 0, stayMs);
  }

  private async run(key: string, calls: number, stayMs: number): Promise<number> {
    try {
      return (await TAKE.run(this.redis, [key], [calls, A_MINUTE, A_DAY, stayMs])) as number;
    } catch (error) {
      if (isAway(error)) return 0;
      throw error;
    }
  }
}

function keyOf(tenantId: string, appId: string): string {
  return `${tenantId}:wechat-checks:${appId}`;
}
