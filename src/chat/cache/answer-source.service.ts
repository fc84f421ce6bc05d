import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { TenantDigest } from '../../platform/crypto/index.js';
import { Metrics } from '../../platform/telemetry/index.js';
import { TenantService } from '../../tenants/index.js';
import { TokenCounter, type Encoding } from '../../upstream/index.js';
import type { ReadyAnswer } from '../ready/ready-answer.js';
import { ReadyAnswerService } from '../ready/ready-answer.service.js';
import { userOf } from '../run/owner.js';
import type { RunPlan } from '../run/run.js';
import { AnswerCache } from './answer-cache.service.js';
import { digestOf, type CachePlace } from './cache-key.js';
import type { CacheResult } from './cache-wish.js';
import { isCacheable, questionAlone, type Question } from './cacheable.js';
import type { StoredAnswer } from './stored-answer.js';

/** What is known about a request before it becomes a run. */
export interface Found {
  /** Changed when a request that waited for another's answer was given it. */
  result: CacheResult;
  readonly answer: StoredAnswer | undefined;
  /** Where the answer of a cacheable request is to be stored, and for how long. */
  readonly cache: RunPlan['cache'];
}

/** Where the words of a run come from. */
export type Source =
  | { readonly kind: 'upstream' }
  | { readonly kind: 'stored'; readonly answer: StoredAnswer }
  /** From the run that is answering the same request at this moment. */
  | { readonly kind: 'flight'; readonly place: CachePlace; readonly leader: string };

const UPSTREAM: Source = { kind: 'upstream' };

/** Decides where an answer comes from: the tenant's ready answers, those that were given before, or a model. */
@Injectable()
export class AnswerSource {
  /** Tokens of ready answers, counted once for each text that is held. */
  private readonly readyTokens = new WeakMap<ReadyAnswer, Map<Encoding, number>>();

  constructor(
    private readonly ready: ReadyAnswerService,
    private readonly cache: AnswerCache,
    private readonly tenants: TenantService,
    private readonly tokens: TokenCounter,
    private readonly digests: TenantDigest,
    private readonly metrics: Metrics,
  ) {}

  /** A question of this tenant comes in a moment. */
  foresee(ctx: RequestContext): void {
    this.ready.foresee(ctx.tenantId);
  }

  /** Looks for an answer before anything is stored. Costs one look into Redis where the request is cacheable, else none. */
  async find(ctx: RequestContext, question: Question, encoding: Encoding): Promise<Found> {
    const ready = await this.readyAnswer(ctx, question, encoding);
    if (ready !== undefined) return this.noted('ready', { result: 'hit', answer: ready, cache: undefined });
    const { responseCache } = await this.tenants.settingsOf(ctx.tenantId);
    if (!isCacheable(responseCache, question)) return this.noted('bypass', { result: 'bypass', answer: undefined, cache: undefined });
    const place = { tenantId: ctx.tenantId, userId: responseCache.scope === 'user' ? userOf(ctx) : undefined, digest: this.digests.of(ctx.tenantId, digestOf(question.request)) };
    const answer = await this.cache.find(place);
    if (answer !== undefined) return this.noted('hit', { result: 'hit', answer, cache: undefined });
    return { result: 'miss', answer: undefined, cache: { place, seconds: responseCache.seconds } };
  }

  /** @param maxTokens that the run may have in the end: a balance may afford less than the stored answer, and then a model gives a shorter one. */
  async sourceOf(found: Found, runId: string, maxTokens: number): Promise<Source> {
    if (found.answer !== undefined) return found.answer.completionTokens <= maxTokens ? { kind: 'stored', answer: found.answer } : this.tooDear(found);
    if (found.cache === undefined) return UPSTREAM;
    const { place } = found.cache;
    const joined = await this.cache.join(place, runId);
    if (joined.kind === 'follow') return { kind: 'flight', place, leader: joined.leader };
    if (joined.kind === 'lead' || joined.answer.completionTokens > maxTokens) {
      this.noted('miss', found);
      return UPSTREAM;
    }
    found.result = 'hit';
    this.noted('hit', found);
    return { kind: 'stored', answer: joined.answer };
  }

  private tooDear(found: Found): Source {
    found.result = 'miss';
    return UPSTREAM;
  }

  /** Answers that the tenant wrote, where the question stands alone. A prompt of the user's own would have changed them. */
  private async readyAnswer(ctx: RequestContext, { kind, request, ownPrompt, wish }: Question, encoding: Encoding): Promise<StoredAnswer | undefined> {
    const asked = kind === 'regenerate' || ownPrompt || wish === 'bypass' || request.sampling.stop !== undefined ? undefined : questionAlone(request);
    const found = asked === undefined ? undefined : await this.ready.find(ctx.tenantId, asked, request.model);
    if (found === undefined) return undefined;
    const completionTokens = await this.tokensOf(found, encoding);
    return completionTokens > request.maxTokens ? undefined : { content: found.answer, completionTokens, reasoningTokens: 0 };
  }

  private async tokensOf(ready: ReadyAnswer, encoding: Encoding): Promise<number> {
    const counted = this.readyTokens.get(ready) ?? new Map<Encoding, number>();
    this.readyTokens.set(ready, counted);
    const tokens = counted.get(encoding) ?? (await this.tokens.count(ready.answer, encoding));
    counted.set(encoding, tokens);
    return tokens;
  }

  private noted(result: string, found: Found): Found {
    this.metrics.responseCache.inc({ result });
    return found;
  }
}
