import { Injectable } from '@nestjs/common';
import { Metrics } from '../../platform/telemetry/index.js';
import { TokenCounter } from '../../upstream/index.js';
import type { Outcome, RunPlan, UsageSource } from '../run/run.js';
import type { Usage } from '../stream/run-event.js';
import type { Answer } from './answer.js';
import { isOrdinary, isPlausible } from './plausible-usage.js';

/** How a run's production ended, before anybody counted. */
export type Ending = Omit<Outcome, 'content' | 'usage' | 'usageSource'>;

/** What an answer used: the upstream's word where it came and can be true, else our own count of exactly the words produced. */
@Injectable()
export class RunUsage {
  constructor(private readonly tokens: TokenCounter, private readonly metrics: Metrics) {}

  /** @param source whose the words are, where they are told with their usage. @param produced the words that the model said, where others are shown. */
  async outcome(plan: RunPlan, answer: Answer, source: Exclude<UsageSource, 'counted'>, end: Ending, produced?: string): Promise<Outcome> {
    const content = answer.content;
    const said = produced ?? content;
    const told = answer.usage;
    const counted: Usage = {
      // An upstream that was never reached has read no prompt.
      promptTokens: said === '' && end.state !== 'finished' ? 0 : plan.promptTokens,
      completionTokens: told !== undefined && isOrdinary(told, said) ? told.completionTokens - told.reasoningTokens : await this.count(said),
    };
    if (told !== undefined && isPlausible(told, { ...counted, promptTokens: plan.promptTokens }, plan.request.maxTokens)) return { ...end, content, usage: told, usageSource: source };
    if (told !== undefined) this.metrics.usageRejected.inc({ reason: 'absurd' });
    else if (end.state === 'finished') this.metrics.usageRejected.inc({ reason: 'missing' });
    const completionTokens = told === undefined ? counted.completionTokens : await this.count(said);
    return { ...end, content, usage: { promptTokens: counted.promptTokens, completionTokens }, usageSource: 'counted' };
  }

  /** The part of a usage that goes with these words of the answer, the prompt included; what was only thought is none. Never more than was used. */
  async of(usage: Usage, words: string): Promise<Usage> {
    return { ...usage, completionTokens: Math.min(usage.completionTokens, await this.count(words)), reasoningTokens: 0 };
  }

  private async count(content: string): Promise<number> {
    return content === '' ? 0 : this.tokens.count(content, 'o200k_base');
  }
}
