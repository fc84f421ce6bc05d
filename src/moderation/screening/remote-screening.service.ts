import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { CheckDesk, type CheckAnswer, type RemoteLayer } from '../checkers/check-desk.service.js';
import { within } from '../checkers/deadline.js';
import type { LayerMode, ModerationPolicy, RemoteLayerPolicy } from '../policy/policy.js';
import type { CheckFailure, Judgement, Stage, Verdict } from '../verdict.js';
import { verdictOf } from './decision.js';
import { judgementOf } from './judgement.js';

export interface RemoteRequest {
  readonly stage: Stage;
  /** Judged together. */
  readonly texts: readonly string[];
  readonly policy: ModerationPolicy;
  /** Of the word lists, where what was asked depends on them. */
  readonly listVersion?: string;
  /** Told of judgements that came after the verdict: of layers in the shadow, and of those that a block or an aborted caller did not wait for. For the log; must not throw. */
  readonly onLate?: (judgement: Judgement) => void;
}

/** Failures after which layer 3 may judge in WeChat's stead: it was not asked, or answered that it can't judge; nothing of it is sick. */
const UNABLE: ReadonlySet<CheckFailure | undefined> = new Set(['not_seen', 'quota', 'user_budget', 'too_long']);

/** Failures that whoever wrote the text brings about. */
const EXCESS: ReadonlySet<CheckFailure | undefined> = new Set(['user_budget', 'too_long']);

/** What became of WeChat's layer; `stead`: whether layer 3 is to judge in its stead, and how. */
interface Second {
  readonly judgement: Judgement | undefined;
  readonly stead: LayerMode;
}

/** Layers 2 and 3: beside each other, each within its deadline, by the tenant's policy. */
@Injectable()
export class RemoteScreening {
  constructor(private readonly desk: CheckDesk) {}

  /**
   * The verdict: as soon as one layer blocks, else when all that count have judged. A layer that fails does what the
   * policy says. Layers go on to their own deadlines whatever becomes of the verdict; `onLate` hears of them.
   * @throws the signal's reason, and nothing else.
   */
  async judge(ctx: RequestContext, request: RemoteRequest, signal: AbortSignal): Promise<Verdict> {
    signal.throwIfAborted();
    const texts = request.texts.filter((text) => text.trim() !== '');
    if (texts.length === 0) return { action: 'pass', judgements: [] };
    const judging = new Judging(this.desk, ctx, { ...request, texts });
    try {
      return await within(judging.verdict(), signal);
    } catch (error) {
      judging.leave();
      throw error;
    }
  }
}

/** One text on its way through both layers. Nothing of it ever rejects. */
class Judging {
  private readonly judgements: Judgement[] = [];
  private decided = false;
  private readonly answers = new Map<RemoteLayer, Promise<CheckAnswer>>();

  constructor(private readonly desk: CheckDesk, private readonly ctx: RequestContext, private readonly request: RemoteRequest) {}

  async verdict(): Promise<Verdict> {
    const { wechat: second, openai: third } = this.rules;
    if (third.mode !== 'off') void this.answerOf('openai');
    const wechat = this.wechat();
    const openai = this.openai(wechat);
    // A layer in the shadow is waited for by nobody; whether one judges in WeChat's stead is known when WeChat is.
    const counting = [...(second.mode === 'on' ? [wechat.then(({ judgement }) => judgement)] : []), third.mode === 'on' ? openai : second.mode === 'on' ? this.openaiInStead(wechat, openai) : undefined];
    await firstBlockOrAll(counting.filter((each) => each !== undefined));
    this.decided = true;
    return verdictOf([...this.judgements], this.request.policy.texts);
  }

  /** Nobody waits for the verdict any more: what was judged, and what still will be, is told instead. */
  leave(): void {
    this.decided = true;
    for (const judgement of this.judgements) this.request.onLate?.(judgement);
  }

  private get rules(): { readonly wechat: RemoteLayerPolicy; readonly openai: RemoteLayerPolicy; readonly insteadOfWechat: 'openai' | 'nobody' } {
    return this.request.policy[this.request.stage];
  }

  /** Of users whom it can't judge WeChat says nothing; a quota that is used up is a failure like others, unless layer 3 steps in. */
  private async wechat(): Promise<Second> {
    const { wechat: policy, insteadOfWechat } = this.rules;
    if (policy.mode === 'off') return { judgement: undefined, stead: 'off' };
    const answer = await this.answerOf('wechat');
    const reason = answer.kind === 'failed' ? answer.failure : undefined;
    const unable = answer.kind === 'uncovered' || UNABLE.has(reason);
    const stead = unable && insteadOfWechat === 'openai' ? policy.mode : 'off';
    const excused = reason === 'not_seen' || (UNABLE.has(reason) && stead !== 'off' && (await this.answerOf('openai')).kind !== 'uncovered');
    const onFailure = excused ? 'open' : this.request.stage === 'input' && EXCESS.has(reason) ? this.request.policy.input.onExcess : policy.onFailure;
    return { judgement: this.note('wechat', policy.mode, { ...policy, onFailure }, answer), stead };
  }

  private async openai(wechat: Promise<Second>): Promise<Judgement | undefined> {
    const { openai: policy } = this.rules;
    if (policy.mode === 'on') return this.note('openai', 'on', policy, await this.answerOf('openai'));
    const { stead } = await wechat;
    const mode = stead === 'on' ? 'on' : policy.mode === 'shadow' ? 'shadow' : stead;
    return mode === 'off' ? undefined : this.note('openai', mode, policy, await this.answerOf('openai'));
  }

  private async openaiInStead(wechat: Promise<Second>, openai: Promise<Judgement | undefined>): Promise<Judgement | undefined> {
    return (await wechat).stead === 'on' ? openai : undefined;
  }

  /** Asked once, whoever wants to know. */
  private answerOf(layer: RemoteLayer): Promise<CheckAnswer> {
    const known = this.answers.get(layer);
    if (known !== undefined) return known;
    const { stage, texts, policy, listVersion } = this.request;
    const asked = this.desk.ask({ layer, subject: { ctx: this.ctx, stage, thresholds: policy.thresholds }, texts, listVersion, deadlineMs: this.rules[layer].deadlineMs });
    this.answers.set(layer, asked);
    return asked;
  }

  private note(layer: RemoteLayer, mode: LayerMode, policy: RemoteLayerPolicy, answer: CheckAnswer): Judgement | undefined {
    const judgement = judgementOf(this.request.stage, layer, mode, policy, answer);
    if (judgement === undefined) return undefined;
    if (this.decided) this.request.onLate?.(judgement);
    else this.judgements.push(judgement);
    return judgement;
  }
}

/** Resolves at the first judgement that blocks, else when all are there. */
async function firstBlockOrAll(pending: readonly Promise<Judgement | undefined>[]): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const each of pending) void each.then((judgement) => judgement?.action === 'block' && resolve());
    void Promise.all(pending).then(() => resolve());
  });
}
