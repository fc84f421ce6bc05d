import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';

/**
 * A Lua step: atomic in Redis, loaded from the `.lua` file beside its repository. The file's name ends in its number
 * of keys. Parts that several steps share are files without a number, and stand before the step in the given order.
 */
export class Script {
  private static readonly all = new Set<Script>();
  private readonly source: string;
  private readonly sha: string;
  private readonly keyCount: number;

  constructor(file: URL, parts: readonly URL[] = []) {
    this.source = [...parts, file].map((each) => readFileSync(each, 'utf8')).join('\n');
    this.sha = createHash('sha1').update(this.source).digest('hex');
    this.keyCount = parseInt(/-(\d+)\.lua$/.exec(file.pathname)?.[1] ?? '', 10);
    Script.all.add(this);
  }

  /** Loads every step into Redis ahead of its first use. One that Redis forgets is sent again when it is used. */
  static async load(redis: Redis): Promise<void> {
    await Promise.all([...Script.all].map((script) => redis.script('LOAD', script.source)));
  }

  async run(redis: Redis, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (keys.length !== this.keyCount) throw new Error('a Lua step was called with the wrong number of keys');
    try {
      return await redis.evalsha(this.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
      return redis.eval(this.source, keys.length, ...keys, ...args);
    }
  }
}
