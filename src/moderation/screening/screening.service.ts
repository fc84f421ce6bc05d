import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { PolicyService } from '../policy/policy.service.js';
import type { ModerationPolicy } from '../policy/policy.js';
import type { Hit } from '../text/lexicon-entry.js';
import type { Lexicon } from '../text/lexicon.js';
import { scanInTurns } from '../text/scan.js';
import { Turns } from '../text/turns.js';
import type { Verdict } from '../verdict.js';
import { Lexicons } from '../words/lexicons.service.js';
import { Consequences, type ScreeningSubject } from './consequences.service.js';
import { covered } from './cover.js';
import { decidingHit, localJudgement, versionOf } from './local-judgement.js';
import { RemoteScreening, type RemoteRequest } from './remote-screening.service.js';

/** One text. */
export interface WrittenText {
  readonly text: string;
  /** What the same author wrote last before it, oldest first: a word may be split over them. The last few count. */
  readonly before: readonly string[];
}

/** What a user wrote, in the order in which it was written. */
export interface WrittenTexts {
  readonly texts: readonly WrittenText[];
  /** What stands by itself, such as a system prompt of the user's own. */
  readonly beside: readonly string[];
}

export interface LocalVerdict extends Verdict {
  /** The texts, with listed words covered where the lists say so. */
  readonly texts: readonly string[];
}

/** Judges what users write: word lists at once, the remote layers in their own time. */
@Injectable()
export class ScreeningService {
  constructor(
    private readonly policies: PolicyService,
    private readonly lexicons: Lexicons,
    private readonly layers: RemoteScreening,
    private readonly consequences: Consequences,
  ) {}

  /** A text of this tenant comes in a moment: its policy is read meanwhile. */
  foresee(ctx: RequestContext): void {
    this.policies.foresee(ctx.tenantId);
  }

  /** Layer 1, in process. */
  async local(ctx: RequestContext, subject: ScreeningSubject, written: WrittenTexts): Promise<LocalVerdict> {
    const policy = await this.policies.of(ctx.tenantId);
    const { mode } = policy.input.local;
    if (mode === 'off') return { action: 'pass', judgements: [], texts: written.texts.map(({ text }) => text) };
    const lexicons = await this.lexicons.of(ctx.tenantId);
    const begin = performance.now();
    const found = await scanned(written, lexicons);
    const hits = found.flatMap((each) => each.hits);
    const judgement = localJudgement('input', versionOf(lexicons), hits, mode, performance.now() - begin);
    this.consequences.note(ctx, subject, found.map(({ text }) => text).join('\n'), [judgement]);
    const shown = found.slice(0, written.texts.length).map(({ text, hits: own }) => (mode === 'on' ? covered(text, own) : text));
    return { action: judgement.action, judgements: [judgement], ...(judgement.action === 'pass' ? {} : { by: judgement }), ...messageOf(judgement.action, hits, policy), texts: shown };
  }

  /**
   * Layers 2 and 3. @returns at once, with the promise of a verdict.
   * `before`: the tenant wants the verdict before a model is asked. The verdict rejects with the signal's reason only.
   */
  async remote(ctx: RequestContext, subject: ScreeningSubject, texts: readonly string[], signal: AbortSignal): Promise<{ readonly before: boolean; readonly verdict: Promise<Verdict> }> {
    const policy = await this.policies.of(ctx.tenantId);
    const listVersion = policy.input.local.mode === 'off' ? undefined : await this.lexicons.versionOf(ctx.tenantId);
    return { before: policy.input.order === 'before', verdict: this.judge(ctx, subject, texts, { policy, ...(listVersion === undefined ? {} : { listVersion }) }, signal) };
  }

  /** Whether any layer but the word lists must have judged what a user wrote. */
  async judgesBeside(ctx: RequestContext): Promise<boolean> {
    const { wechat, openai } = (await this.policies.of(ctx.tenantId)).input;
    return wechat.mode === 'on' || openai.mode === 'on';
  }

  private async judge(ctx: RequestContext, subject: ScreeningSubject, texts: readonly string[], rules: Pick<RemoteRequest, 'policy' | 'listVersion'>, signal: AbortSignal): Promise<Verdict> {
    const text = texts.join('\n');
    const verdict = await this.layers.judge(ctx, { stage: 'input', texts, ...rules, onLate: (judgement) => this.consequences.note(ctx, subject, text, [judgement]) }, signal);
    this.consequences.note(ctx, subject, text, verdict.judgements);
    return verdict;
  }
}

/** An API client may bring hundreds of thousands of characters: nobody else is to wait for them. */
async function scanned({ texts, beside }: WrittenTexts, lexicons: readonly Lexicon[]): Promise<readonly { readonly text: string; readonly hits: readonly Hit[] }[]> {
  const turns = new Turns();
  const found: { readonly text: string; readonly hits: readonly Hit[] }[] = [];
  for (const { text, before } of [...texts, ...beside.map((each) => ({ text: each, before: [] }))]) found.push({ text, hits: await scanInTurns(text, lexicons, before, turns) });
  return found;
}

function messageOf(action: Verdict['action'], hits: readonly Hit[], { texts }: ModerationPolicy): { readonly message?: string } {
  if (action === 'block') return { message: texts.local };
  return action === 'answer' ? { message: decidingHit(hits)?.entry.reply ?? texts.topic } : {};
}
