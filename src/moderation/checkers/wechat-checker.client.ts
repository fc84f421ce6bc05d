import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { UserService } from '../../identity/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { TenantWechat } from '../../tenants/index.js';
import { SEC_CHECK_LIMIT, WechatError, type SecCheckScene, type WechatErrorKind } from '../../wechat/index.js';
import type { CheckFailure, Stage } from '../verdict.js';
import { CheckFailed, type Checker, type CheckSubject, type Finding } from './checker.js';
import { Circuit, type CallEnd, type CircuitOptions } from './circuit.js';
import { judgeAll } from './judge-all.js';
import { piecesOf } from './pieces.js';
import { WechatBudget, type Asker } from './wechat-budget.repository.js';
import { NOTHING_FOUND, failureOf, findingOf } from './wechat-finding.js';

/** What stands on a cut is seen whole up to so many UTF-16 units, by which texts are cut: a piece never has more characters than units. */
const OVERLAP = 100;
/** What a user asks is like a comment, an answer like a post (reference: 10.4 names four scenes). */
const SCENES: Readonly<Record<Stage, SecCheckScene>> = { input: 2, output: 4 };
/** Pieces of one question or window; longer ones are not for this layer. */
const MOST_PIECES = 8;
const MOST_APPS = 5_000;
const CIRCUIT: CircuitOptions = { failures: 5, share: 0.5, calls: 20, windowMs: 10_000, openMs: 2_000, longestMs: 60_000, probeMs: 6_000 };
/** Failures that say that WeChat, or the app's way to it, is sick. The others are answers: about one user, one text (which nobody may write to shut the layer up), a limit. */
const SICK: ReadonlySet<WechatErrorKind> = new Set(['timeout', 'unreachable', 'busy', 'malformed', 'token', 'bad_credentials']);
/** Whoever leaves after so long left because it was slow. */
const SLOW_MS = 3_000;
const DAY_USED_UP = 45009;

/** The second layer: WeChat's `msg_sec_check` with the tenant's AppID, for users who came by its mini-program. */
@Injectable()
export class WechatChecker implements Checker {
  readonly layer = 'wechat';
  private readonly circuits = new LRUCache<string, Circuit>({ max: MOST_APPS });

  constructor(private readonly wechat: TenantWechat, private readonly users: UserService, private readonly budget: WechatBudget) {}

  /** Not for whoever comes by an API key: WeChat judges only for users whom it saw in the mini-program lately. What a client says of itself does not count, since anybody may say it. */
  async covers(ctx: RequestContext): Promise<boolean> {
    return (await this.appOf(ctx, 'input')) !== undefined;
  }

  async check({ ctx, stage }: CheckSubject, texts: readonly string[], signal: AbortSignal): Promise<Finding> {
    signal.throwIfAborted();
    const contents = [...new Set(texts.flatMap((text) => piecesOf(condensed(text.toWellFormed()), SEC_CHECK_LIMIT, OVERLAP)))];
    if (contents.length === 0) return NOTHING_FOUND;
    // Before anything is counted: nobody may spend the app's quota, or its circuit, with one text.
    if (contents.length > MOST_PIECES) throw new CheckFailed('too_long', `${contents.length} pieces`);
    const app = await this.appOf(ctx, stage);
    if (app === undefined) throw new CheckFailed('credentials', 'WeChat does not judge for this user');
    const circuit = this.circuit(app);
    const began = performance.now();
    const passage = circuit.enter(began);
    if (passage === 'refused') throw new CheckFailed('open', 'too many checks of this app failed');
    let end: CallEnd = 'abandoned';
    try {
      await this.pay(app, contents.length);
      const finding = await judgeAll(contents, (content, each) => this.one(app, SCENES[stage], content, each), signal);
      end = 'worked';
      return finding;
    } catch (error) {
      end = endOf(error, signal, performance.now() - began);
      throw error;
    } finally {
      circuit.leave(passage, end, performance.now());
    }
  }

  private async pay(app: Asker, calls: number): Promise<void> {
    const grant = await this.budget.take(app, calls);
    if (grant === 'app_over') throw new Failed('quota', "the app's checks are used up", 'abandoned');
    if (grant === 'user_over') throw new Failed('user_budget', "the user's share of them is used up", 'abandoned');
  }

  private async one(app: Asker, scene: SecCheckScene, content: string, signal: AbortSignal): Promise<Finding> {
    try {
      return findingOf(await this.wechat.secCheck(app.tenantId, { openid: app.openid, content, scene }, signal));
    } catch (error) {
      if (!(error instanceof WechatError)) throw error;
      const failure = failureOf(error);
      if (failure === 'quota') await this.budget.usedUp(app, error.errcode === DAY_USED_UP ? 'day' : 'minute');
      throw new Failed(failure, error.message, SICK.has(error.kind) ? 'failed' : 'worked');
    }
  }

  private circuit({ tenantId, appId }: Asker): Circuit {
    const key = `${tenantId}:${appId}`;
    const known = this.circuits.get(key);
    if (known !== undefined) return known;
    const made = new Circuit(CIRCUIT);
    this.circuits.set(key, made);
    return made;
  }

  private async appOf(ctx: RequestContext, stage: Stage): Promise<Asker | undefined> {
    if (ctx.actor.kind !== 'user' || ctx.actor.via !== 'session') return undefined;
    const appId = await this.wechat.callingAppId(ctx.tenantId);
    if (appId === undefined) return undefined;
    const openid = await this.users.openidOf(ctx, ctx.actor.userId);
    return openid === undefined ? undefined : { tenantId: ctx.tenantId, appId, openid, stage };
  }
}

/** Without what only makes a text long: blanks, and one or two characters again and again. */
function condensed(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(/(.{1,2})\1{15,}/gsu, (run) => run.slice(0, 32));
}

/** A failed check and what it says of WeChat's health. */
class Failed extends CheckFailed {
  constructor(failure: CheckFailure, detail: string, readonly end: CallEnd) {
    super(failure, detail);
  }
}

/** A deadline that ended the call says that WeChat is slow; a caller who left for another reason says nothing. */
function endOf(error: unknown, signal: AbortSignal, tookMs: number): CallEnd {
  if (error instanceof Failed) return error.end;
  const isDeadline = signal.aborted && signal.reason instanceof Error && signal.reason.name === 'TimeoutError';
  return isDeadline || (signal.aborted && tookMs >= SLOW_MS) ? 'failed' : 'abandoned';
}
