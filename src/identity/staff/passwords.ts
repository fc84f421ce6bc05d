import { hash, verify } from '@node-rs/argon2';
import { randomToken } from '../../platform/crypto/index.js';
import { DomainError } from '../../platform/errors/index.js';

/** Checks at once; each takes 19 MiB and a core for a moment. */
const AT_ONCE = 2;
const MOST_WAITING = 20;

/** Passwords of people: argon2id with the library's defaults, which are OWASP's (19 MiB, 2 passes). */
export class Passwords {
  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private dummy: Promise<string> | undefined;

  async hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password));
  }

  /**
   * Whether the password is right. Without a hash (no such person) the same work is done, and the answer is no.
   * @throws rate_limited when too many wait already
   */
  async matches(passwordHash: string | undefined, password: string): Promise<boolean> {
    this.dummy ??= hash(randomToken());
    const against = passwordHash ?? (await this.dummy);
    const right = await this.inTurn(() => verify(against, password));
    return right && passwordHash !== undefined;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) {
      if (this.waiting.length >= MOST_WAITING) throw new DomainError('rate_limited', { retryAfterMs: 2_000 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }
}
