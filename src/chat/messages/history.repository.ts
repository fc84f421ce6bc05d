import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ConversationRepository, type Conversation } from '../conversations/conversation.repository.js';
import type { Outcome, RunPlan } from '../run/run.js';
import { KeptTexts } from '../stream/kept-texts.service.js';
import type { Turn } from '../window/window.js';
import { TURN_LIMIT, boundTurns, type History } from './history.js';
import { MessageRepository, type Message } from './message.repository.js';

const TTL_SECONDS = 3_600;

/**
 * The history that prompts are made of: a Redis cache filled from PostgreSQL.
 * The cache may be flushed, or wrong: opening a run compares the revision, and
 * a stale one is loaded again.
 */
@Injectable()
export class HistoryRepository {
  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    private readonly database: Database,
    private readonly conversations: ConversationRepository,
    private readonly messages: MessageRepository,
    private readonly texts: KeptTexts,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The cached history, else the stored one. Undefined when this user has no such conversation. */
  async get(ctx: RequestContext, userId: string, conversationId: string): Promise<History | undefined> {
    const cached = await this.cached(ctx.tenantId, conversationId);
    return cached?.userId === userId ? cached : this.load(ctx, userId, conversationId);
  }

  /** Reads PostgreSQL and fills the cache. */
  async load(ctx: RequestContext, userId: string, conversationId: string): Promise<History | undefined> {
    const history = await this.database.readTenant(ctx, async (tx): Promise<History | undefined> => {
      const conversation = await this.conversations.find(tx, userId, conversationId);
      if (conversation === undefined) return undefined;
      const newestFirst = await this.messages.newest(tx, conversationId, undefined, 2 * TURN_LIMIT);
      return {
        conversationId,
        userId,
        model: conversation.model,
        systemPrompt: conversation.systemPrompt ?? undefined,
        revision: conversation.revision,
        turns: boundTurns(turnsOf(newestFirst)),
        newest: newestOf(newestFirst),
      };
    });
    if (history !== undefined) await this.keep(ctx.tenantId, history);
    return history;
  }

  /** A conversation that was made a moment ago: its first question needs PostgreSQL for nothing that is known already. Never rejects. */
  async begin(ctx: RequestContext, { id, userId, model, systemPrompt, revision }: Conversation): Promise<void> {
    const history = { conversationId: id, userId, model, systemPrompt: systemPrompt ?? undefined, revision, turns: [], newest: undefined };
    await this.keep(ctx.tenantId, history).catch((error: unknown) => this.logger.warn({ tenant: ctx.tenantId, ...errorFields(error) }, 'history cache not begun'));
  }

  /**
   * After a run was concluded: the cached history grows by its turn, where it is the one that the prompt was made
   * from. Opening and concluding have raised the revision by one each.
   */
  async extend(plan: RunPlan, outcome: Outcome, answerTokens: number): Promise<void> {
    const { turn, subject, ctx } = plan;
    if (turn === undefined || subject.conversationId === undefined) return;
    try {
      const cached = await this.cached(ctx.tenantId, subject.conversationId);
      if (cached?.revision !== turn.revision || outcome.withholdsQuestion === true) {
        await this.drop(ctx.tenantId, subject.conversationId);
        return;
      }
      // An answer that was broken off has words, and stands where it is; none of them is context.
      const spoke = outcome.content !== '';
      const answered = spoke && outcome.state !== 'refused';
      const earlier = turn.replacesAnswer && spoke && cached.newest?.answered ? cached.turns.slice(0, -1) : cached.turns;
      const added: Turn = { question: turn.question, questionTokens: turn.questionTokens, answer: outcome.content, answerTokens };
      // An attempt to make an answer again that got no word leaves the former one in place, as the rows do, also where that got none.
      if (turn.replacesAnswer && !spoke) await this.keep(ctx.tenantId, { ...cached, revision: turn.revision + 2 });
      else {
        await this.keep(ctx.tenantId, {
          ...cached,
          revision: turn.revision + 2,
          turns: boundTurns(answered ? [...earlier, added] : earlier),
          newest: { answerId: subject.messageId, question: turn.question, questionTokens: turn.questionTokens, answered },
        });
      }
    } catch (error) {
      this.logger.warn({ tenant: ctx.tenantId, ...errorFields(error) }, 'history cache not extended');
    }
  }

  async drop(tenantId: string, conversationId: string): Promise<void> {
    await this.redis.del(keyOf(tenantId, conversationId));
  }

  private async cached(tenantId: string, conversationId: string): Promise<History | undefined> {
    const text = await this.redis.get(keyOf(tenantId, conversationId));
    return text === null ? undefined : this.opened(tenantId, conversationId, text);
  }

  private async keep(tenantId: string, history: History): Promise<void> {
    const kept = await this.texts.kept({ tenantId, row: history.conversationId, kind: 'history' }, JSON.stringify(history));
    await this.redis.set(keyOf(tenantId, history.conversationId), kept, 'EX', TTL_SECONDS);
  }

  /** What a key sealed that is gone is read again. */
  private opened(tenantId: string, conversationId: string, kept: string): History | undefined {
    try {
      return JSON.parse(this.texts.opened({ tenantId, row: conversationId, kind: 'history' }, kept)) as History;
    } catch (error) {
      this.logger.warn({ tenant: tenantId, ...errorFields(error) }, 'a cached history could not be opened');
      return undefined;
    }
  }
}

function keyOf(tenantId: string, conversationId: string): string {
  return `history:${tenantId}:${conversationId}`;
}

/** Pairs questions with their answers; what has no answer that may be shown is no turn. */
function turnsOf(newestFirst: readonly Message[]): readonly Turn[] {
  const turns: Turn[] = [];
  for (const [at, answer] of newestFirst.entries()) {
    const question = newestFirst[at + 1];
    if (answer.role !== 'assistant' || !isContext(answer)) continue;
    // An answered question was judged before its answer was shown; a person may have taken it out afterwards.
    if (question?.role !== 'user' || question.state !== 'complete' || question.position !== answer.position - 1) continue;
    turns.push({ question: question.content, questionTokens: question.tokens, answer: answer.content, answerTokens: answer.tokens });
  }
  return turns.reverse();
}

function newestOf(newestFirst: readonly Message[]): History['newest'] {
  const [answer, question] = newestFirst;
  // A refused question has no words that could be asked again.
  if (answer?.role !== 'assistant' || question?.role !== 'user' || question.state === 'refused') return undefined;
  return { answerId: answer.id, question: question.content, questionTokens: question.tokens, answered: isContext(answer) };
}

/** Whether an answer may be shown to a model: what was refused or recalled never is. */
function isContext({ content, state }: Message): boolean {
  return content !== '' && state !== 'refused' && state !== 'recalled';
}
