import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { systemContext, type RequestContext } from '../../platform/context/index.js';
import { Database, violatedConstraint, type TenantTx } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { ID, decodeCursor, newId, pageOf, type Page } from '../../platform/values/index.js';
import { ReadyAnswers, plainQuestion, type ReadyAnswer, type ReadyAnswerDraft } from './ready-answer.js';
import { ReadyAnswerRepository } from './ready-answer.repository.js';

/** Of one tenant. With the longest question and answer that is 2 million characters. */
const MOST_ANSWERS = 500;
/** Tenants whose answers are held in this process; those without any cost a moment's note. */
const CACHE = { channel: 'ready-answers.changed', max: 500, ttlMs: 60_000 } as const;
const NONE = { max: 20_000, ttlMs: 60_000 } as const;

/** A tenant's answers to common questions. Looked up in this process's memory; a change holds on every node within a second. */
@Injectable()
export class ReadyAnswerService implements OnModuleInit {
  private readonly cache: NewsCache<ReadyAnswers>;

  constructor(private readonly database: Database, private readonly repository: ReadyAnswerRepository, bus: Bus, @Inject(LOGGER) private readonly logger: Logger) {
    this.cache = new NewsCache(bus, { ...CACHE, staleBy: (tenantId) => ({ key: tenantId }), absent: { ...NONE, is: (answers) => answers.none } });
  }

  async onModuleInit(): Promise<void> {
    await this.cache.follow();
  }

  /** A question of this tenant will be looked up in a moment. */
  foresee(tenantId: string): void {
    this.cache.foresee(tenantId, () => this.load(tenantId));
  }

  /** The enabled answer to a question, for this model or any. */
  async find(tenantId: string, question: string, model: string): Promise<ReadyAnswer | undefined> {
    const answers = await this.cache.get(tenantId, () => this.load(tenantId));
    return answers.none ? undefined : answers.find(question, model);
  }

  /** Newest first, for staff. @throws invalid_request (param `cursor`) */
  async list(ctx: RequestContext, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<ReadyAnswer>> {
    const before = decodeCursor(query.cursor, [ID])?.[0];
    const rows = await this.database.readTenant(ctx, (tx) => this.repository.list(tx, before, query.limit + 1));
    return pageOf(rows, query.limit, ({ id }) => [id]);
  }

  /** @throws not_found */
  async read(ctx: RequestContext, id: string): Promise<ReadyAnswer> {
    return this.database.inTenant(ctx, (tx) => this.found(tx, id));
  }

  /** @throws conflict (param `question` where the tenant has an answer to it for this model); invalid_request (param `question`) where only marks are asked */
  async create(ctx: RequestContext, draft: ReadyAnswerDraft): Promise<ReadyAnswer> {
    const id = newId();
    return this.write(ctx, draft, async (tx) => {
      if ((await this.repository.count(tx)) >= MOST_ANSWERS) throw new DomainError('conflict', { message: `a tenant has at most ${MOST_ANSWERS} ready answers` });
      await this.repository.insert(tx, id, draft);
      return this.found(tx, id);
    });
  }

  /** @throws not_found, conflict and invalid_request as `create` */
  async replace(ctx: RequestContext, id: string, draft: ReadyAnswerDraft): Promise<ReadyAnswer> {
    return this.write(ctx, draft, async (tx) => {
      await this.repository.replace(tx, id, draft);
      return this.found(tx, id);
    });
  }

  /** @throws not_found */
  async remove(ctx: RequestContext, id: string): Promise<void> {
    if (!(await this.database.inTenant(ctx, (tx) => this.repository.remove(tx, id)))) throw missing();
    await this.tell(ctx.tenantId);
  }

  private async write(ctx: RequestContext, draft: ReadyAnswerDraft, work: (tx: TenantTx) => Promise<ReadyAnswer>): Promise<ReadyAnswer> {
    if (plainQuestion(draft.question) === '') throw new DomainError('invalid_request', { param: 'question', message: 'question must have more than blanks and punctuation' });
    try {
      const written = await this.database.inTenant(ctx, work);
      await this.tell(ctx.tenantId);
      return written;
    } catch (error) {
      if (violatedConstraint(error) !== 'ready_answers_question') throw error;
      throw new DomainError('conflict', { param: 'question', message: 'question has a ready answer for this model already', cause: error });
    }
  }

  /** It is committed: a message that is lost costs the other nodes a minute, a failure here would make the caller write it twice. */
  private async tell(tenantId: string): Promise<void> {
    await this.cache.tell(tenantId).catch((error: unknown) => this.logger.warn({ tenant: tenantId, ...errorFields(error) }, 'a change of ready answers could not be told'));
  }

  private async found(tx: TenantTx, id: string): Promise<ReadyAnswer> {
    const answer = await this.repository.find(tx, id);
    if (answer === undefined) throw missing();
    return answer;
  }

  private async load(tenantId: string): Promise<ReadyAnswers> {
    const ctx = systemContext(tenantId, 'ready-answers', newId());
    return new ReadyAnswers(await this.database.readTenant(ctx, (tx) => this.repository.enabled(tx, MOST_ANSWERS)));
  }
}

function missing(): DomainError {
  return new DomainError('not_found', { param: 'ready_answer_id' });
}
