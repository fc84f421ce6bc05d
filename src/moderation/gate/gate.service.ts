import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { PolicyService } from '../policy/policy.service.js';
import type { BrokenOffCharge, ModerationPolicy } from '../policy/policy.js';
import type { Judgement, Verdict } from '../verdict.js';
import { Consequences, type ScreeningSubject } from '../screening/consequences.service.js';
import { RemoteScreening } from '../screening/remote-screening.service.js';
import type { Hit } from '../text/lexicon-entry.js';
import { Lexicons } from '../words/lexicons.service.js';
import { localJudgement } from '../screening/local-judgement.js';
import type { CodeFences } from './code-fences.js';
import { codeFilterOf } from './code-filter.js';
import { CurrentGate } from './current-gate.js';
import { OutputGate, type GateChunk, type GateEvent, type GateParts, type WordGate } from './output-gate.js';

/** The gate of one answer, ready to be passed through. */
export interface OpenGate {
  /** What an answer costs that the gate broke off. */
  readonly charge: BrokenOffCharge;
  /** Parts are withheld from this client, which others may see. */
  readonly withholds: boolean;
  /** What the model has said so far, whatever of it was shown. */
  readonly produced: string;
  /** @see OutputGate.through; once only. */
  through(source: AsyncIterable<GateChunk>): AsyncIterable<readonly GateEvent[]>;
}

/** Opens the gate between a model and the eye as the tenant's policy wants it. */
@Injectable()
export class GateService {
  constructor(
    private readonly policies: PolicyService,
    private readonly lexicons: Lexicons,
    private readonly remote: RemoteScreening,
    private readonly consequences: Consequences,
  ) {}

  /** A gate for the words of a model, wherever they come from: an upstream, or a store of answers. */
  async open(ctx: RequestContext, subject: ScreeningSubject): Promise<OpenGate> {
    const policy = await this.policies.of(ctx.tenantId);
    const words = policy.output.local.mode === 'off' ? undefined : new CurrentGate(await this.lexicons.of(ctx.tenantId), () => this.lexicons.newest(ctx.tenantId));
    return new Gate(ctx, subject, policy, words, this.remote, this.consequences);
  }

  /**
   * Judges words that were shown and that nobody judged to their end, because the process died that did.
   * @returns what stands in their place where they must not stay
   */
  async judgeShown(ctx: RequestContext, subject: ScreeningSubject, text: string): Promise<string | undefined> {
    const policy = await this.policies.of(ctx.tenantId);
    const { gate, wechat, openai } = policy.output;
    if (text === '' || gate === 'strict' || (wechat.mode === 'off' && openai.mode === 'off')) return undefined;
    const onLate = (judgement: Judgement): void => this.consequences.note(ctx, subject, text, [judgement]);
    const verdict = await this.remote.judge(ctx, { stage: 'output', texts: [text], policy, onLate }, new AbortController().signal);
    this.consequences.note(ctx, subject, text, verdict.judgements);
    return verdict.action === 'block' ? policy.texts.recalled : undefined;
  }

  /** For words of the tenant's own, which nobody judges. Code is withheld from clients that may not show it, whoever wrote it. */
  async unguarded(ctx: RequestContext): Promise<OpenGate> {
    return new Unguarded(codeFilterOf(await this.policies.of(ctx.tenantId), ctx.platform)?.());
  }
}

class Unguarded implements OpenGate {
  readonly charge = 'nothing';
  readonly produced = '';

  constructor(private readonly filter: CodeFences | undefined) {}

  get withholds(): boolean {
    return this.filter !== undefined;
  }

  async *through(source: AsyncIterable<GateChunk>): AsyncGenerator<readonly GateEvent[]> {
    for await (const { contents } of source) yield this.filter === undefined ? asTheyCome(contents) : asTheyCome([this.filter.push(contents.join(''))]);
    if (this.filter !== undefined) yield asTheyCome([this.filter.end()]);
  }
}

class Gate implements OpenGate {
  private readonly said: string[] = [];
  private readonly hits: Hit[] = [];
  private spentMs = 0;

  constructor(
    private readonly ctx: RequestContext,
    private readonly subject: ScreeningSubject,
    private readonly policy: ModerationPolicy,
    private readonly listed: CurrentGate | undefined,
    private readonly remote: RemoteScreening,
    private readonly consequences: Consequences,
  ) {}

  get charge(): BrokenOffCharge {
    return this.policy.output.charge;
  }

  get withholds(): boolean {
    return this.policy.output.withholdCodeOn.includes(this.ctx.platform);
  }

  get produced(): string {
    return this.said.join('');
  }

  async *through(source: AsyncIterable<GateChunk>): AsyncGenerator<readonly GateEvent[]> {
    const parts = this.parts();
    if (parts.words === undefined && parts.filter === undefined && parts.judge === undefined) {
      for await (const { contents } of this.listened(source)) yield asTheyCome(contents);
      return;
    }
    try {
      yield* new OutputGate(parts).through(this.listened(source));
    } finally {
      if (this.listed !== undefined && this.said.length > 0) this.noteWords(this.listed.version);
    }
  }

  private async *listened(source: AsyncIterable<GateChunk>): AsyncGenerator<GateChunk> {
    for await (const chunk of source) {
      this.said.push(...chunk.contents);
      yield chunk;
    }
  }

  private parts(): GateParts {
    const { output, texts } = this.policy;
    const remote = output.wechat.mode !== 'off' || output.openai.mode !== 'off';
    return {
      mode: output.gate,
      words: this.listed === undefined ? undefined : this.words(this.listed),
      filter: codeFilterOf(this.policy, this.ctx.platform)?.(),
      judge: remote ? (text, signal) => this.judge(text, signal) : undefined,
      afterWord: ({ entry }) => (entry.action === 'answer' ? (entry.reply ?? texts.topic) : texts.recalled),
      afterWindow: texts.recalled,
      onHits: (hits, violation) => this.hits.push(...hits, ...(violation === undefined ? [] : [violation])),
    };
  }

  /** In the shadow words are found, and nothing is done about them. */
  private words(gate: CurrentGate): WordGate {
    const timed = <T>(step: () => T): T => {
      const begin = performance.now();
      try {
        return step();
      } finally {
        this.spentMs += performance.now() - begin;
      }
    };
    if (this.policy.output.local.mode === 'on') return { push: (chunk) => timed(() => gate.push(chunk)), end: () => timed(() => gate.end()) };
    return {
      push: (chunk) => ({ released: chunk, hits: foundIn(timed(() => gate.push(chunk))) }),
      end: () => ({ released: '', hits: foundIn(timed(() => gate.end())) }),
    };
  }

  private async judge(text: string, signal: AbortSignal): Promise<Verdict> {
    const onLate = (judgement: Judgement): void => this.consequences.note(this.ctx, this.subject, text, [judgement]);
    const verdict = await this.remote.judge(this.ctx, { stage: 'output', texts: [text], policy: this.policy, ...(this.listed === undefined ? {} : { listVersion: this.listed.version }), onLate }, signal);
    this.consequences.note(this.ctx, this.subject, verdict.action === 'block' ? this.produced : text, verdict.judgements);
    return verdict;
  }

  private noteWords(version: string): void {
    const judgement = localJudgement('output', version, this.hits, this.policy.output.local.mode, this.spentMs);
    this.consequences.note(this.ctx, this.subject, this.produced, [judgement]);
  }
}

/** Words that nobody judges, piece by piece. */
function asTheyCome(contents: readonly string[]): readonly GateEvent[] {
  return contents.flatMap((text) => (text === '' ? [] : [{ type: 'text', text }]));
}

function foundIn({ hits, violation }: { readonly hits: readonly Hit[]; readonly violation?: Hit }): readonly Hit[] {
  return violation === undefined ? hits : [...hits, violation];
}
