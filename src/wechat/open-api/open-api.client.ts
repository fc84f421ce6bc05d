import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { delay } from '../../platform/values/index.js';
import { code2sessionUrl, readSession, type CodeExchange, type WechatSession } from './code2session.js';
import { customerMessageBody, customerTypingBody, readSent, readTyping, type CustomerMessage, type CustomerTyping } from './customer-message.js';
import { JsonExchange, type Question } from './json-exchange.client.js';
import { mediaCheckBody, readMediaCheck, type MediaCheck } from './media-check.js';
import { readSecCheck, secCheckBody, type SecCheck, type SecResult } from './msg-sec-check.js';
import { readStableToken, stableTokenRequest, type StableToken, type TokenRequest } from './stable-token.js';
import { WechatError } from './wechat-error.js';

/** For all attempts of one call together. */
const TIMEOUT_MS = 5_000;
/** WeChat's advice for -1 is to ask again; only calls that do the same when done twice are. */
const REPEATED = 3;
const ONCE = 1;

/**
 * The WeChat open API (api.weixin.qq.com) for any app: it holds no credentials and logs nothing. Every call throws
 * WechatError within 5 s, and the signal's reason when it is aborted first.
 */
@Injectable()
export class WechatApi implements OnApplicationShutdown {
  private readonly exchange = new JsonExchange();

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  async onApplicationShutdown(): Promise<void> {
    await this.exchange.close();
  }

  /** Exchanges a `wx.login` code. Repeated twice when WeChat says it is busy; not after a broken connection, which may have spent the code. */
  async code2session(exchange: CodeExchange, signal?: AbortSignal): Promise<WechatSession> {
    return this.ask({ url: code2sessionUrl(this.config.wechat.apiBaseUrl, exchange) }, readSession, REPEATED, signal);
  }

  /** An access token of an app. Whoever calls keeps it: `TenantWechat` does. */
  async stableToken(request: TokenRequest, signal?: AbortSignal): Promise<StableToken> {
    return this.ask(stableTokenRequest(this.config.wechat.apiBaseUrl, request), readStableToken, request.force ? ONCE : REPEATED, signal);
  }

  /** Judges a text of at most 2,500 characters that a user wrote or is shown. */
  async msgSecCheck(token: string, check: SecCheck, signal?: AbortSignal): Promise<SecResult> {
    return this.ask(this.withToken('/wxa/msg_sec_check', token, secCheckBody(check)), readSecCheck, REPEATED, signal);
  }

  /** Has an image or a sound judged. @returns the trace_id under which the result is pushed within 30 minutes, if it ever is. */
  async mediaCheckAsync(token: string, check: MediaCheck, signal?: AbortSignal): Promise<string> {
    return this.ask(this.withToken('/wxa/media_check_async', token, mediaCheckBody(check)), readMediaCheck, REPEATED, signal);
  }

  /** Writes to a user. Never repeated here: the user would read it twice. */
  async sendCustomerMessage(token: string, message: CustomerMessage, signal?: AbortSignal): Promise<void> {
    return this.ask(this.withToken('/cgi-bin/message/custom/send', token, customerMessageBody(message)), readSent, ONCE, signal);
  }

  /** Shows a user that somebody writes, or does no more. */
  async customerTyping(token: string, typing: CustomerTyping, signal?: AbortSignal): Promise<void> {
    return this.ask(this.withToken('/cgi-bin/message/custom/typing', token, customerTypingBody(typing)), readTyping, ONCE, signal);
  }

  private withToken(path: string, token: string, body: object): Question {
    const url = new URL(`${this.config.wechat.apiBaseUrl}${path}`);
    url.searchParams.set('access_token', token);
    return { url, body };
  }

  private async ask<T>(question: Question, read: (answer: unknown) => T, attempts: number, signal: AbortSignal | undefined): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const deadline = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return read(await this.exchange.ask(question, deadline));
      } catch (error) {
        signal?.throwIfAborted();
        if (timeout.aborted) throw new WechatError('timeout', `no answer within ${TIMEOUT_MS} ms`);
        if (attempt === attempts || !(error instanceof WechatError && error.kind === 'busy')) throw error;
        await delay(150 * 2 ** attempt * (0.5 + Math.random()), deadline).catch(() => {
          signal?.throwIfAborted();
          throw error;
        });
      }
    }
  }
}
