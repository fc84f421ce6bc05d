import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS, Script } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import { KeptTexts, type KeptPlace } from '../stream/kept-texts.service.js';
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

/** Stored answers and flights (answers being produced that others wait for) in Redis. Every key begins with the tenant; all of them expire. Answers are sealed where the tenant's texts are, each to its key. */
@Injectable()
export class AnswerCacheRepository {
  constructor(@Inject(REDIS) private readonly redis: Redis, private readonly texts: KeptTexts) {}

  async find(place: CachePlace): Promise<StoredAnswer | undefined> {
    return this.answerOf(place, await this.redis.get(answerKey(place)));
  }

  /** @param longestMs after which the flight is over, whatever became of its leader. */
  async join(place: CachePlace, runId: string, longestMs: number): Promise<Joined> {
    const [kind, text] = (await JOIN.run(this.redis, [answerKey(place), flightKey(place)], [runId, longestMs])) as ['answer' | 'lead' | 'follow' | 'alone', string?];
    const answer = kind === 'answer' ? this.answerOf(place, text) : undefined;
    if (answer !== undefined) return { kind: 'answer', answer };
    return kind === 'follow' && text !== undefined ? { kind: 'follow', leader: text } : { kind: 'lead' };
  }

  /** The answer, if it is there by now, and the run that leads the flight, if one does. */
  async look(place: CachePlace): Promise<{ readonly answer: StoredAnswer | undefined; readonly leader: string | undefined }> {
    const [answer, leader] = await this.redis.mget(answerKey(place), flightKey(place));
    return { answer: this.answerOf(place, answer), leader: leader ?? undefined };
  }

  async keep(place: CachePlace, answer: StoredAnswer, seconds: number): Promise<void> {
    const text = await this.texts.kept(keptPlace(place.tenantId, answerKey(place)), JSON.stringify(answer));
    await KEEP.run(this.redis, [answerKey(place), ...booksOf(place)], [text, seconds, now(), MOST_ANSWERS, MOST_BYTES]);
  }

  /** Drops the tenant's answers that are meant. Looks at all of them: for what is rare. What is stored meanwhile may be missed. */
  async removeAll(tenantId: string, isMeant: (answer: StoredAnswer) => boolean): Promise<void> {
    const books = booksOf({ tenantId });
    for await (const members of this.redis.zscanStream(books[0], { count: PAGE }) as AsyncIterable<readonly string[]>) {
      const keys = members.filter((_, at) => at % 2 === 0);
      for (let from = 0; from < keys.length; from += PAGE) await this.removeOf(tenantId, keys.slice(from, from + PAGE), isMeant);
    }
  }

  private async removeOf(tenantId: string, keys: readonly string[], isMeant: (answer: StoredAnswer) => boolean): Promise<void> {
    const texts = await this.redis.mget(...keys);
    for (const [at, key] of keys.entries()) {
      const text = texts[at];
      // Only the very text that was looked at: another one may lie there by now.
      if (typeof text === 'string' && this.goes(tenantId, key, text, isMeant)) await DROP.run(this.redis, [key, ...booksOf({ tenantId })], [text]);
    }
  }

  /** One that can't be opened may be what is meant, and is of no use to anybody. */
  private goes(tenantId: string, key: string, text: string, isMeant: (answer: StoredAnswer) => boolean): boolean {
    try {
      return isMeant(this.opened(tenantId, key, text));
    } catch {
      return true;
    }
  }

  /** @throws Error when it was changed or moved, or sealed under a key that is not here. */
  private opened(tenantId: string, key: string, text: string): StoredAnswer {
    return JSON.parse(this.texts.opened(keptPlace(tenantId, key), text)) as StoredAnswer;
  }

  private answerOf(place: CachePlace, text: string | null | undefined): StoredAnswer | undefined {
    return text === null || text === undefined ? undefined : this.opened(place.tenantId, answerKey(place), text);
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

function keptPlace(tenantId: string, key: string): KeptPlace {
  return { tenantId, row: key, kind: 'stored_answer' };
}
