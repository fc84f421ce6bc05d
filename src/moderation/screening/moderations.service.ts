import { Inject, Injectable, Optional } from '@nestjs/common';
import { RateLimits, type Limit } from '../../identity/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { CheckDesk, type CheckAnswer } from '../checkers/check-desk.service.js';
import type { ModerationPolicy } from '../policy/policy.js';
import { PolicyService } from '../policy/policy.service.js';
import { thresholdOf } from '../policy/stored-policy.js';
import type { Judgement, Verdict } from '../verdict.js';
import { VerdictLog } from '../verdicts/verdict-log.service.js';
import { judgementOf } from './judgement.js';
import { LOCAL_SCREENING, type LocalScreening } from './local-screening.js';

/** For each key, and for each user that comes without one. */
const LIMIT: Limit = { name: 'moderations', points: 600, seconds: 60 };
const RETRY_MS = 2_000;

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
    private readonly log: VerdictLog,
    @Optional() @Inject(LOCAL_SCREENING) private readonly local?: LocalScreening,
  ) {}

  /** One result for each text. @throws rate_limited; unavailable when nobody can judge, or the endpoint fails and the policy is closed */
  async judge(ctx: RequestContext, texts: readonly string[]): Promise<readonly ModerationResult[]> {
    if (ctx.actor.kind !== 'user') throw new DomainError('forbidden');
    await this.limits.takeNamed(LIMIT, ctx.tenantId, ctx.actor.via === 'api_key' ? ctx.actor.credentialId : ctx.actor.userId);
    const policy = await this.policies.of(ctx.tenantId);
    return Promise.all(texts.map((text) => this.one(ctx, policy, text)));
  }

  private async one(ctx: RequestContext, policy: ModerationPolicy, text: string): Promise<ModerationResult> {
    const { openai } = policy.input;
    const subject = { ctx, stage: 'input', thresholds: policy.thresholds } as const;
    const [words, answer] = await Promise.all([this.local?.judge(ctx, 'input', [text]), this.desk.ask({ layer: 'openai', subject, texts: [text], deadlineMs: openai.deadlineMs })]);
    const judgement = judgementOf('input', 'openai', 'on', openai, answer);
    this.log.record(ctx, { texts: [text] }, [...(words?.judgements ?? []), ...(judgement === undefined ? [] : [judgement])]);
    const isJudged = answer.kind === 'found' || (answer.kind === 'uncovered' && words !== undefined) || (answer.kind === 'failed' && openai.onFailure === 'open');
    if (!isJudged) throw new DomainError('unavailable', { retryAfterMs: RETRY_MS });
    return resultOf(words, answer, policy);
  }
}

function resultOf(words: Verdict | undefined, answer: CheckAnswer, { thresholds }: ModerationPolicy): ModerationResult {
  const scores = answer.kind === 'found' ? answer.finding.scores ?? {} : {};
  const hits = (words?.judgements ?? []).filter(isHit).map(({ label }) => `local/${label}`);
  const categories = { ...Object.fromEntries(Object.entries(scores).map(([category, score]) => [category, score >= thresholdOf(thresholds, category)])), ...Object.fromEntries(hits.map((hit) => [hit, true])) };
  return { flagged: Object.values(categories).includes(true), categories, scores: { ...scores, ...Object.fromEntries(hits.map((hit) => [hit, 1])) } };
}

function isHit({ action }: Judgement): boolean {
  return action !== 'pass' && action !== 'label';
}
