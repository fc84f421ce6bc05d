import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { delay } from '../../platform/values/index.js';
import { code2sessionUrl, readSession, type CodeExchange, type WechatSession } from './code2session.js';
import { WechatError } from './wechat-error.js';

/** For all attempts of one call together. */
const TIMEOUT_MS = 5_000;
const ATTEMPTS = 3;
const ANSWER_LIMIT = 64 * 1024;

/** The WeChat open API (api.weixin.qq.com) for any app: it holds no credentials and logs nothing. */
@Injectable()
export class WechatApi {
  constructor(@Inject(CONFIG) private readonly config: Config) {}

  /**
   * Exchanges a `wx.login` code. Repeated twice when WeChat says it is busy; not after a broken connection, which may have spent the code.
   * @throws WechatError within 5 s; the signal's reason when it is aborted first.
   */
  async code2session(exchange: CodeExchange, signal?: AbortSignal): Promise<WechatSession> {
    const url = code2sessionUrl(this.config.wechat.apiBaseUrl, exchange);
    const deadline = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return readSession(await getJson(url, deadline));
      } catch (error) {
        signal?.throwIfAborted();
        if (attempt === ATTEMPTS || !(error instanceof WechatError && error.kind === 'busy')) throw error;
        await delay(150 * 2 ** attempt * (0.5 + Math.random()), deadline).catch(() => {
          signal?.throwIfAborted();
          throw error;
        });
      }
    }
  }
}

/** The address holds a secret: it is followed nowhere else, and no error tells it. */
async function getJson(url: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } });
    if (!response.ok) {
      await response.body?.cancel();
      throw new WechatError('unreachable', `HTTP ${response.status}`);
    }
    return JSON.parse(await boundedText(response)) as unknown;
  } catch (error) {
    if (error instanceof WechatError) throw error;
    throw new WechatError('unreachable', causeOf(error));
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > ANSWER_LIMIT) throw new WechatError('unreachable', 'the answer is too long');
  }
  return text + decoder.decode();
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error instanceof SyntaxError) return 'the answer is not JSON';
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : error.name;
}
