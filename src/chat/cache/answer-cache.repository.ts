import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, Script } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import type { CachePlace } from './cache-key.js';
import type { StoredAnswer } from './stored-answer.js';

const JOIN = new Script(new URL('join-2.lua', import.meta.url));
const KEEP = new Script(new URL('keep-3.lua', import.meta.url));
const DROP = new Script(new URL('drop-3.lua', import.meta.url));
const LAND = new Script(new URL('land-1.lua', import.meta.url));

/** What one tenant may store: answers, and bytes of them. Redis holds the queue, too, so the bytes count more than the number. */
const MOST_ANSWERS = 10_000;
const MOST_BYTES = 64 * 1024 * 1024;

/** Answers that are looked at together; each may have 64 KiB. */
const PAGE = 50;

/** For how long after an answer that can't be shared nobody waits for the next: long enough for those that waited for it to learn so. */
const ALONE_MS = 2_000;

/** How a request goes on that found no answer at first: with one after all, as the one that produces it (for others, or for itself alone), or behind the one that does. */
export type Joined = { readonly kind: 'answer'; readonly answer: StoredAnswer } | { readonly kind: 'lead' } | { readonly kind: 'follow'; readonly leader: string };

/** Stored answers and flights (answers being produced that others wait for) in Redis. Every key begins with the tenant; all of them expire. */
@Injectable()
export class AnswerCacheRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis) {}

  async find(place: CachePlace): Promise<StoredAnswer | undefined> {
    return answerOf(await this.redis.get(answerKey(place)));
  }

  /** @param longestMs after which the flight is over, whatever became of its leader. */
  async join(place: CachePlace, runId: string, longestMs: number): Promise<Joined> {
    const [kind, text] = (await JOIN.run(this.redis, [answerKey(place), flightKey(place)], [runId, longestMs])) as ['answer' | 'lead' | 'follow' | 'alone', string?];
    const answer = kind === 'answer' ? answerOf(text) : undefined;
    if (answer !== undefined) return { kind: 'answer', answer };
    return kind === 'follow' && text !== undefined ? { kind: 'follow', leader: text } : { kind: 'lead' };
  }

  /** The answer, if it is there by now, and the run that leads the flight, if one does. */
  async look(place: CachePlace): Promise<{ readonly answer: StoredAnswer | undefined; readonly leader: string | undefined }> {
    const [answer, leader] = await this.redis.mget(answerKey(place), flightKey(place));
    return { answer: answerOf(answer), leader: leader ?? undefined };
  }

  async keep(place: CachePlace, answer: StoredAnswer, seconds: number): Promise<void> {
    await KEEP.run(this.redis, [answerKey(place), ...booksOf(place)], [JSON.stringify(answer), seconds, now(), MOST_ANSWERS, MOST_BYTES]);
  }

  /** Drops the tenant's answers that are meant. Looks at all of them: for what is rare. What is stored meanwhile may be missed. */
  async removeAll(tenantId: string, isMeant: (answer: StoredAnswer) => boolean): Promise<void> {
    const books = booksOf({ tenantId });
    for await (const members of this.redis.zscanStream(books[0], { count: PAGE }) as AsyncIterable<readonly string[]>) {
      const keys = members.filter((_, at) => at % 2 === 0);
      for (let from = 0; from < keys.length; from += PAGE) await this.removeOf(keys.slice(from, from + PAGE), books, isMeant);
    }
  }

  private async removeOf(keys: readonly string[], books: readonly [index: string, sizes: string], isMeant: (answer: StoredAnswer) => boolean): Promise<void> {
    const texts = await this.redis.mget(...keys);
    for (const [at, text] of texts.entries()) {
      const [answer, key] = [answerOf(text), keys[at]];
      // Only the very text that was looked at: another one may lie there by now.
      if (text !== null && answer !== undefined && key !== undefined && isMeant(answer)) await DROP.run(this.redis, [key, ...books], [text]);
    }
  }

  /** The run's flight is over. @param shares no: it was answered, and nobody else may have that. @returns whether it had one. */
  async land(place: CachePlace, runId: string, shares: boolean): Promise<boolean> {
    return (await LAND.run(this.redis, [flightKey(place)], [runId, shares ? 0 : ALONE_MS])) === 1;
  }
}

/** One name for a place, on the bus and in the memory of those who wait. */
export function nameOfPlace({ tenantId, userId, digest }: CachePlace): string {
  return `${tenantId}:${userId ?? '*'}:${digest}`;
}

function booksOf(place: Pick<CachePlace, 'tenantId'>): readonly [index: string, sizes: string] {
  return [`${tagOf(place)}:index`, `${tagOf(place)}:sizes`];
}

function tagOf({ tenantId }: Pick<CachePlace, 'tenantId'>): string {
  return `{answers:${tenantId}}`;
}

function answerKey(place: CachePlace): string {
  return `${tagOf(place)}:${place.userId ?? '*'}:${place.digest}`;
}

function flightKey(place: CachePlace): string {
  return `${answerKey(place)}:flight`;
}

function answerOf(text: string | null | undefined): StoredAnswer | undefined {
  return text === null || text === undefined ? undefined : (JSON.parse(text) as StoredAnswer);
}
