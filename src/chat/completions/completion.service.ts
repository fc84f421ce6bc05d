import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import type { Sampling } from '../../upstream/index.js';
import type { CacheWish } from '../cache/cache-wish.js';
import { checkedKey } from '../messages/answer.service.js';
import type { Ask } from '../start/ask.js';
import type { StartedRun } from '../start/launch-run.service.js';
import { QueuedRunService } from '../start/queued-run.service.js';
import { RunControlService } from '../run/run-control.service.js';
import { StartRunService } from '../start/start-run.service.js';
import { shownText, type StreamFrame } from '../stream/run-event.js';
import { RunStreamService } from '../stream/run-stream.service.js';
import { chatCompletion, openaiFormat } from '../wire/openai.js';
import { ReplyService, terminalIn, type Interest } from '../wire/reply.service.js';
import type { WireSubject } from '../wire/wire.js';
import { textOf, type CompletionDto, type CreateCompletionDto } from './completion.dto.js';

/** How long an answer's head is held back for its first word, so that a failure before it is an HTTP status and the SDK's typed error. */
const HEAD_MS = 8_000;

/** The OpenAI-compatible door: the same runs, asked for in OpenAI's words. */
@Injectable()
export class CompletionService {
  constructor(
    private readonly starter: StartRunService,
    private readonly streams: RunStreamService,
    private readonly control: RunControlService,
    private readonly replies: ReplyService,
    private readonly queued: QueuedRunService,
  ) {}

  async complete(ctx: RequestContext, body: CreateCompletionDto, wish: { readonly key: string | undefined; readonly cache: CacheWish | undefined }, reply: FastifyReply): Promise<void> {
    const includeUsage = body.stream_options?.include_usage === true;
    const interest = this.replies.watch(reply);
    try {
      const run = await this.starter.start(ctx, askOf(body), { idempotencyKey: checkedKey(wish.key), includeUsage, cache: wish.cache });
      const subject = run.subject ?? this.streams.subjectOf(await this.control.own(ctx, run.runId), includeUsage);
      if (body.stream === true) await this.streamed(ctx, run, subject, reply, interest);
      else await this.whole(ctx, run, subject, reply, interest);
      if (interest.left) await this.queued.left(ctx, run);
    } finally {
      interest.end();
    }
  }

  private async streamed(ctx: RequestContext, run: StartedRun, subject: WireSubject, reply: FastifyReply, interest: Interest): Promise<void> {
    const frames = this.queued.frames(ctx, run, this.streams.frames(ctx, run.runId, 0, interest.signal, !run.repeated));
    try {
      const held = await holdHead(frames);
      const terminal = held.batches.map(terminalIn).find((each) => each !== undefined);
      if (terminal?.type === 'error') throw new DomainError(terminal.code, { message: terminal.message });
      assertSaid(run, terminal, held.batches.flat());
      if (run.cache !== undefined) reply.header('x-cache', run.cache.result);
      await this.replies.stream(reply, openaiFormat, subject, held.resume(), interest);
    } finally {
      await frames.return(undefined);
    }
  }

  private async whole(ctx: RequestContext, run: StartedRun, subject: WireSubject, reply: FastifyReply, interest: Interest): Promise<void> {
    const words: StreamFrame[] = [];
    for await (const batch of this.streams.frames(ctx, run.runId, 0, interest.signal, !run.repeated)) {
      for (const frame of batch) if (frame.type === 'delta' || frame.type === 'recall') words.push(frame);
      const terminal = terminalIn(batch);
      if (terminal?.type === 'error') throw new DomainError(terminal.code, { message: terminal.message });
      assertSaid(run, terminal, words);
      if (terminal?.type === 'done') {
        const completion: CompletionDto = chatCompletion(subject, shownText(words), terminal.finishReason, terminal.usage);
        if (run.cache !== undefined) reply.header('x-cache', run.cache.result);
        void reply.status(200).header('x-run-id', run.runId).send(completion);
        return;
      }
    }
    reply.raw.destroy();
  }
}

/** A run that was stopped before its first word is no answer to whoever asks again under its key. @throws DomainError `conflict` */
function assertSaid(run: StartedRun, terminal: StreamFrame | undefined, frames: readonly StreamFrame[]): void {
  if (!run.repeated || terminal?.type !== 'done' || terminal.finishReason !== 'stopped') return;
  if (shownText(frames) === '') throw new DomainError('conflict', { param: 'Idempotency-Key', message: 'the answer under this Idempotency-Key was stopped before its first word; ask again, under another key where this stays' });
}

interface HeldHead {
  readonly batches: readonly (readonly StreamFrame[])[];
  resume(): AsyncGenerator<readonly StreamFrame[]>;
}

/** Reads batches until there are words, an end, or HEAD_MS have passed. */
async function holdHead(frames: AsyncGenerator<readonly StreamFrame[]>): Promise<HeldHead> {
  const batches: (readonly StreamFrame[])[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), HEAD_MS); });
  let pending: Promise<IteratorResult<readonly StreamFrame[], void>> | undefined;
  try {
    for (;;) {
      pending = frames.next();
      const next = await Promise.race([pending, late]);
      if (next === 'late') break;
      pending = undefined;
      if (next.done) break;
      batches.push(next.value);
      if (next.value.some((frame) => frame.type === 'delta' || frame.type === 'done' || frame.type === 'error')) break;
    }
  } finally {
    clearTimeout(timer);
  }
  const outstanding = pending;
  return {
    batches,
    resume: async function* () {
      yield* batches;
      if (outstanding !== undefined) {
        const next = await outstanding;
        if (next.done) return;
        yield next.value;
      }
      yield* frames;
    },
  };
}

function askOf(body: CreateCompletionDto): Ask {
  const maxTokens = body.max_completion_tokens ?? body.max_tokens;
  const sampling: Sampling = {
    ...keep('temperature', body.temperature), ...keep('top_p', body.top_p), ...keep('presence_penalty', body.presence_penalty),
    ...keep('frequency_penalty', body.frequency_penalty), ...keep('seed', body.seed), ...keep('stop', body.stop),
  };
  return {
    kind: 'completion',
    messages: body.messages.map((message) => ({ role: message.role === 'developer' ? 'system' : message.role, content: textOf(message.content) })),
    sampling,
    ...(body.model === undefined ? {} : { model: body.model }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

function keep<K extends keyof Sampling>(key: K, value: Sampling[K] | undefined): Pick<Sampling, K> | Record<string, never> {
  return value === undefined ? {} : ({ [key]: value } as Pick<Sampling, K>);
}
