import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { systemContext, systemPlatformContext, type RequestContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { UserService } from '../../identity/index.js';
import { TenantWechat } from '../../tenants/index.js';
import { WechatError } from '../../wechat/index.js';
import { MOST_ATTEMPTS, SCENE_OF, outcomeOfFailure, type MediaCheck, type MediaOutcome } from './media-check.js';
import { MediaVerdicts } from './media-verdicts.service.js';
import { MediaRepository } from './media.repository.js';

const EVERY_MS = 1_000;
/** Asked about at once by this process. */
const BATCH = 20;
/** Nobody else takes one up for so long; a process that dies with it leaves it to the next after that. */
const LEASE_MS = 60_000;
const CALL_MS = 15_000;

/** Gives checks of pictures and sounds their turns: asks WeChat, asks again, and gives up on results that never came. Every worker does; each check is taken by one of them. */
@Injectable()
export class MediaJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly checks: MediaRepository,
    private readonly verdicts: MediaVerdicts,
    private readonly users: UserService,
    private readonly wechat: TenantWechat,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, work: () => this.turns(), logger: this.logger, fault: 'checks of media failed' });
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  private async turns(): Promise<void> {
    const due = await this.database.inPlatform(systemPlatformContext('media checks', newId()), (tx) => this.checks.takeDue(tx, BATCH, LEASE_MS));
    const turns = await Promise.allSettled(due.map(({ tenantId, id }) => this.turn(systemContext(tenantId, 'media check', id), id)));
    for (const turn of turns) if (turn.status === 'rejected') this.logger.warn(errorFields(turn.reason), 'a media check could not have its turn');
  }

  /** One step of one check. */
  async turn(ctx: RequestContext, id: string): Promise<void> {
    const check = await this.database.readTenant(ctx, (tx) => this.checks.find(tx, id));
    if (check?.state !== 'pending') return;
    if (check.step === 'wait') return this.follow(ctx, check, { state: 'failed', failure: 'never_pushed' });
    const attempts = await this.database.inTenant(ctx, (tx) => this.checks.begin(tx, id));
    if (attempts === undefined) return;
    // Calls that broke off with neither answer nor refusal end here.
    if (attempts > MOST_ATTEMPTS) return this.follow(ctx, check, { state: 'failed', failure: 'refused' });
    await this.ask(ctx, check, attempts);
  }

  private async ask(ctx: RequestContext, check: MediaCheck, attempts: number): Promise<void> {
    const openid = await this.users.openidOf(ctx, check.userId);
    if (openid === undefined) return this.follow(ctx, check, { state: 'failed', failure: 'user_gone' });
    try {
      const signal = AbortSignal.any([this.rounds.stopping, AbortSignal.timeout(CALL_MS)]);
      const traceId = await this.wechat.mediaCheck(ctx.tenantId, { openid, mediaUrl: check.url, media: check.type, scene: SCENE_OF[check.purpose] }, signal);
      await this.verdicts.expect(ctx, check.id, traceId);
    } catch (error) {
      // Whatever else it is: the lease ends, and the next turn finds the check as it is.
      if (!(error instanceof WechatError)) throw error;
      this.logger.info({ tenant: ctx.tenantId, check: check.id, kind: error.kind, errcode: error.errcode, attempts }, 'WeChat took no media check');
      await this.follow(ctx, check, outcomeOfFailure(attempts, error.kind));
    }
  }

  /** Only as long as nothing else happened to the check. */
  private async follow(ctx: RequestContext, check: MediaCheck, outcome: MediaOutcome): Promise<void> {
    await this.database.inTenant(ctx, async (tx) => {
      const now = await this.checks.lock(tx, check.id);
      if (now?.state === 'pending' && now.step === check.step && now.traceId === check.traceId) await this.verdicts.follow(tx, now, outcome);
    });
  }
}
