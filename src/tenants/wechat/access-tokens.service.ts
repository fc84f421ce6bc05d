import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { sha256 } from '../../platform/crypto/index.js';
import { delay, newId, now } from '../../platform/values/index.js';
import { WechatApi, WechatError, type StableToken, type WechatErrorKind } from '../../wechat/index.js';
import { accessTokenOf, type AccessToken } from './access-token.js';
import { AccessTokenRepository, nameOfApp } from './access-token.repository.js';
import type { CallingApp } from './tenant-app.js';

const MOST_APPS = 5_000;
/** How long a node waits for another that asks for the token. */
const PATIENCE_MS = 4_000;
const LOOK_AGAIN_MS = 50;
/** Asking again at once gives the same answer. */
const LASTING: ReadonlySet<WechatErrorKind> = new Set(['bad_credentials', 'refused', 'quota', 'rate_limited', 'token']);
const LASTING_MS = 3_000;

/**
 * The one holder of access tokens: from this process's memory, else from Redis, else from WeChat, which is asked once
 * however many calls of however many nodes wait for it. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/mp-access-token/getStableAccessToken.html
 */
@Injectable()
export class AccessTokens {
  private readonly kept = new LRUCache<string, AccessToken>({ max: MOST_APPS });
  private readonly failures = new LRUCache<string, WechatError>({ max: MOST_APPS, ttl: LASTING_MS });
  /** Questions under way in this process, by app and refused token. */
  private readonly flights = new Map<string, Promise<AccessToken>>();

  constructor(private readonly repository: AccessTokenRepository, private readonly api: WechatApi) {}

  /** @throws WechatError; the signal's reason when it is aborted, and the question goes on for the others. */
  async current(app: CallingApp, signal: AbortSignal | undefined): Promise<string> {
    return this.token(app, undefined, signal);
  }

  /**
   * A token in place of one that WeChat refused. One that somebody else got meanwhile is taken as it is. WeChat's own
   * is replaced by force only when it is the very one that it refuses.
   * @throws WechatError; the signal's reason when it is aborted.
   */
  async after(app: CallingApp, refused: string, signal: AbortSignal | undefined): Promise<string> {
    return this.token(app, refused, signal);
  }

  private async token(app: CallingApp, refused: string | undefined, signal: AbortSignal | undefined): Promise<string> {
    const kept = this.kept.get(nameOfApp(app));
    if (kept !== undefined && kept.usableUntil > now() && kept.value !== refused) return kept.value;
    return (await unlessAborted(this.flight(app, refused), signal)).value;
  }

  /** Nobody's signal ends it: others wait for it, too. Every step of it has a timeout. */
  private flight(app: CallingApp, refused: string | undefined): Promise<AccessToken> {
    const name = nameOfApp(app);
    const key = refused === undefined ? name : `${name}\n${sha256(refused)}`;
    const known = this.flights.get(key);
    if (known !== undefined) return known;
    const failed = this.failures.get(key);
    if (failed !== undefined) return Promise.reject(failed);
    const flight = this.obtain(app, refused)
      .then((token) => {
        this.kept.set(name, token);
        return token;
      })
      .catch((error: unknown) => {
        if (error instanceof WechatError && LASTING.has(error.kind)) this.failures.set(key, error);
        throw error;
      })
      .finally(() => this.flights.delete(key));
    this.flights.set(key, flight);
    return flight;
  }

  private async obtain(app: CallingApp, refused: string | undefined): Promise<AccessToken> {
    const holder = newId();
    for (const end = now() + PATIENCE_MS; ; await delay(LOOK_AGAIN_MS * (1 + Math.random()))) {
      const found = await this.shared(app, refused);
      if (found !== undefined) return found;
      // A holder that died keeps the lock for a while; asking beside it does no harm, since WeChat tells both the same.
      if (!(await this.repository.lock(app, holder)) && now() < end) continue;
      try {
        // Whoever had the lock before may have got one since we looked.
        return (await this.shared(app, refused)) ?? (await this.ask(app, refused));
      } finally {
        await this.repository.unlock(app, holder);
      }
    }
  }

  private async shared(app: CallingApp, refused: string | undefined): Promise<AccessToken | undefined> {
    const found = await this.repository.find(app);
    return found?.value === refused ? undefined : found;
  }

  private async ask(app: CallingApp, refused: string | undefined): Promise<AccessToken> {
    if (refused !== undefined && !(await this.repository.mayRenew(app))) throw new WechatError('token', 'tokens are refused one after the other');
    const { appId, appSecret } = app;
    const asked = now();
    const given = await this.api.stableToken({ appId, appSecret, force: false });
    const token = accessTokenOf(given.value === refused ? await this.forced(app) : given, asked);
    await this.repository.keep(app, token);
    return token;
  }

  private async forced(app: CallingApp): Promise<StableToken> {
    if (!(await this.repository.mayForce(app))) throw new WechatError('token', 'WeChat refuses a token that it calls good, and was made to replace it already');
    return this.api.stableToken({ appId: app.appId, appSecret: app.appSecret, force: true });
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the caller's own reason
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
