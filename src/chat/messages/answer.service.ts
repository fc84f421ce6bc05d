import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { isId } from '../../platform/values/index.js';
import type { CacheWish } from '../cache/cache-wish.js';
import { RunControlService } from '../run/run-control.service.js';
import type { Ask } from '../start/ask.js';
import type { StartedRun } from '../start/launch-run.service.js';
import { QueuedRunService } from '../start/queued-run.service.js';
import { StartRunService } from '../start/start-run.service.js';
import { RunStreamService } from '../stream/run-stream.service.js';
import { WIRE_FORMATS } from '../wire/formats.js';
import { negotiateFormat } from '../wire/negotiate.js';
import { ReplyService } from '../wire/reply.service.js';
import type { WireFormat, WireName, WireSubject } from '../wire/wire.js';
import { ShownMessages } from './shown-messages.service.js';

export interface AnswerOptions {
  readonly format: WireName | undefined;
  readonly idempotencyKey: string | undefined;
  /** The run keeps its place in the queue when its client leaves. */
  readonly keep: boolean;
  /** What the caller says about stored answers. */
  readonly cache: CacheWish | undefined;
}

const KEY = /^[\x21-\x7e]{1,128}$/;

/** The HTTP edge of a run: starts it, or finds it, and streams it to the client in its format. */
@Injectable()
export class AnswerService {
  constructor(
    private readonly starter: StartRunService,
    private readonly streams: RunStreamService,
    private readonly control: RunControlService,
    private readonly replies: ReplyService,
    private readonly messages: ShownMessages,
    private readonly queued: QueuedRunService,
  ) {}

  async answer(ctx: RequestContext, ask: Ask & { readonly kind: 'message' | 'regenerate' }, options: AnswerOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const format = formatFor(options.format, request);
    if (!isId(ask.conversationId)) throw new DomainError('not_found', { param: 'id' });
    const interest = this.replies.watch(reply);
    try {
      const run = await this.starter.start(ctx, ask, { idempotencyKey: checkedKey(options.idempotencyKey), includeUsage: true, cache: options.cache });
      if (run.cache !== undefined) reply.header('x-cache', run.cache.result);
      const subject = await this.subjectOf(ctx, run);
      const frames = this.queued.frames(ctx, run, this.streams.frames(ctx, run.runId, 0, interest.signal, !run.repeated));
      await this.replies.stream(reply, format, subject, frames, interest);
      if (interest.left && !options.keep) await this.queued.left(ctx, run);
    } finally {
      interest.end();
    }
  }

  async regenerate(ctx: RequestContext, answerId: string, options: AnswerOptions, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const conversationId = await this.messages.conversationOf(ctx, answerId);
    await this.answer(ctx, { kind: 'regenerate', conversationId, answerId }, options, request, reply);
  }

  /** The rest of a run after `after`, live or from the log. */
  async resume(ctx: RequestContext, runId: string, after: number, name: WireName | undefined, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const format = formatFor(name, request);
    const interest = this.replies.watch(reply);
    try {
      const run = await this.control.own(ctx, runId);
      const frames = await this.streams.resume(ctx, run, after, interest.signal);
      // To a client that has the end already there is nothing to say. 204 also keeps a browser's EventSource from coming again and again.
      if (run.state !== 'opened' && after > 0 && (await this.streams.hasNothingAfter(ctx, runId, after))) void reply.status(204).send();
      else await this.replies.stream(reply, format, this.streams.subjectOf(run, true), after > 0 ? frames : this.queued.resumed(ctx, run, frames), interest);
      if (interest.left) await this.queued.unfollowed(ctx, runId);
    } finally {
      interest.end();
    }
  }

  private async subjectOf(ctx: RequestContext, run: StartedRun): Promise<WireSubject> {
    return run.subject ?? this.streams.subjectOf(await this.control.own(ctx, run.runId), true);
  }
}

function formatFor(format: WireName | undefined, request: FastifyRequest): WireFormat {
  const { accept, referer, 'user-agent': userAgent } = request.headers;
  return WIRE_FORMATS[negotiateFormat({ format, accept, referer, userAgent })];
}

/** @throws DomainError `invalid_request` (param `Idempotency-Key`). */
export function checkedKey(key: string | undefined): string | undefined {
  if (key !== undefined && !KEY.test(key)) throw new DomainError('invalid_request', { param: 'Idempotency-Key', message: 'Idempotency-Key must be 1 to 128 visible ASCII characters' });
  return key;
}
