import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RateLimits, type Limit } from '../../identity/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { CheckDesk, type CheckAnswer } from '../checkers/check-desk.service.js';
import type { ModerationPolicy } from '../policy/policy.js';
import { PolicyService } from '../policy/policy.service.js';
import { thresholdOf } from '../policy/stored-policy.js';
import { scanInTurns } from '../text/scan.js';
import type { Judgement } from '../verdict.js';
import { VerdictLog } from '../verdicts/verdict-log.service.js';
import { Lexicons } from '../words/lexicons.service.js';
import { judgementOf } from './judgement.js';
import { lengthOf, recordsOf } from './judged-texts.js';
import { localJudgement, versionOf } from './local-judgement.js';

/** For each key, and for each user that comes without one. */
const LIMIT: Limit = { name: 'moderations', points: 600, seconds: 60 };
/** UTF-16 units of one user's texts, by whatever key: each of them is searched, and asked about at the endpoint. */
const TEXT_LIMIT: Limit = { name: 'moderated-text', points: 400_000, seconds: 60, param: 'input' };
const RETRY_MS = 2_000;
const NOBODY: CheckAnswer = { kind: 'uncovered' };

/** What was found in one text. */
export interface ModerationResult {
  readonly flagged: boolean;
  /** Scores by category, 0 to 1; categories of word lists stand as `local/<category>`. */
  readonly scores: Readonly<Record<string, number>>;
  /** Those that count by the tenant's thresholds. */
  readonly categories: Readonly<Record<string, boolean>>;
}

/** Judges texts for programs that ask for it: by word lists and the moderation endpoint, whatever stages the policy has them at. */
@Injectable()
export class ModerationsService {
  constructor(
    private readonly limits: RateLimits,
    private readonly policies: PolicyService,
    private readonly desk: CheckDesk,
    private readonly lexicons: Lexicons,
    private readonly log: VerdictLog,
  ) {}

  /** One result for each text. @throws rate_limited (param `input` where it is for the texts' length); unavailable when the endpoint fails and the policy is closed */
  async judge(ctx: RequestContext, texts: readonly string[]): Promise<readonly ModerationResult[]> {
    await this.take(ctx, texts);
    const policy = await this.policies.of(ctx.tenantId);
    const { openai } = policy.input;
    const subject = { ctx, stage: 'input', thresholds: policy.thresholds } as const;
    const asked = texts.map((text) => this.desk.ask({ layer: 'openai', subject, texts: [text], deadlineMs: openai.deadlineMs }));
    const words = await this.words(ctx, texts);
    const answers = await Promise.all(asked);
    const judged = texts.map((text, at) => ({ text, judgements: [words[at], judgementOf('input', 'openai', 'on', openai, answers[at] ?? NOBODY)].filter((judgement) => judgement !== undefined) }));
    for (const { texts: told, judgements } of recordsOf(judged)) this.log.record(ctx, { texts: told }, judgements);
    if (openai.onFailure === 'closed' && answers.some(({ kind }) => kind === 'failed')) throw new DomainError('unavailable', { retryAfterMs: RETRY_MS });
    return answers.map((answer, at) => resultOf(words[at], answer, policy));
  }

  private async take(ctx: RequestContext, texts: readonly string[]): Promise<void> {
    if (ctx.actor.kind !== 'user') throw new DomainError('forbidden');
    const { via, credentialId, userId } = ctx.actor;
    await this.limits.takeNamed(LIMIT, ctx.tenantId, via === 'api_key' ? credentialId : userId);
    await this.limits.takeNamed(TEXT_LIMIT, ctx.tenantId, userId, Math.max(1, lengthOf(texts)));
  }

  /** Long lists of long texts must not keep everybody else waiting: others have their turn after each. */
  private async words(ctx: RequestContext, texts: readonly string[]): Promise<readonly Judgement[]> {
    const lexicons = await this.lexicons.of(ctx.tenantId);
    const judgements: Judgement[] = [];
    for (const text of texts) {
      const begin = performance.now();
      judgements.push(localJudgement('input', versionOf(lexicons), await scanInTurns(text, lexicons), 'on', performance.now() - begin));
      if (judgements.length < texts.length) await nextTurn();
    }
    return judgements;
  }
}

function resultOf(words: Judgement | undefined, answer: CheckAnswer, { thresholds }: ModerationPolicy): ModerationResult {
  const scores = answer.kind === 'found' ? answer.finding.scores ?? {} : {};
  const hits = words !== undefined && isHit(words) ? [`local/${words.label}`] : [];
  const categories = { ...Object.fromEntries(Object.entries(scores).map(([category, score]) => [category, score >= thresholdOf(thresholds, category)])), ...Object.fromEntries(hits.map((hit) => [hit, true])) };
  return { flagged: Object.values(categories).includes(true), categories, scores: { ...scores, ...Object.fromEntries(hits.map((hit) => [hit, 1])) } };
}

function isHit({ action }: Judgement): boolean {
  return action !== 'pass' && action !== 'label';
}
