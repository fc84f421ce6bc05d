import { Module, type DynamicModule } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/index.js';
import { Sealer, TenantDigest } from '../platform/crypto/index.js';
import { BillingModule } from '../billing/index.js';
import { IdentityModule } from '../identity/index.js';
import { ModerationModule } from '../moderation/index.js';
import { TenantsModule } from '../tenants/index.js';
import { UpstreamModule } from '../upstream/index.js';
import { AccountController } from './account/account.controller.js';
import { AccountExportService } from './account/account-export.service.js';
import { EraseAccountService } from './account/erase-account.service.js';
import { ProfileController } from './account/profile.controller.js';
import { OwnWords } from './account/own-words.service.js';
import { ProfileService } from './account/profile.service.js';
import { AnswerCacheRepository } from './cache/answer-cache.repository.js';
import { AnswerCache } from './cache/answer-cache.service.js';
import { AnswerSource } from './cache/answer-source.service.js';
import { ServeRunService } from './cache/serve-run.service.js';
import { CompletionService } from './completions/completion.service.js';
import { CompletionsController } from './completions/completions.controller.js';
import { ModelsController } from './completions/models.controller.js';
import { OfferService } from './completions/offer.service.js';
import { ConversationController } from './conversations/conversation.controller.js';
import { ConversationRepository } from './conversations/conversation.repository.js';
import { ConversationService } from './conversations/conversation.service.js';
import { ConversationExportService } from './labels/conversation-export.service.js';
import { LabelFreeService } from './labels/label-free.service.js';
import { LabelController } from './labels/label.controller.js';
import { LabelLogJob } from './labels/label-log.job.js';
import { LabelLogRepository } from './labels/label-log.repository.js';
import { AnswerService } from './messages/answer.service.js';
import { HistoryRepository } from './messages/history.repository.js';
import { CostReportRepository } from './costs/cost-report.repository.js';
import { CostReportService } from './costs/cost-report.service.js';
import { MessageController } from './messages/message.controller.js';
import { MessageRepository } from './messages/message.repository.js';
import { ShownMessages } from './messages/shown-messages.service.js';
import { ReadyAnswerRepository } from './ready/ready-answer.repository.js';
import { ReadyAnswerService } from './ready/ready-answer.service.js';
import { ActiveRuns } from './produce/active-runs.js';
import { ConcludeRow } from './run/conclude-row.service.js';
import { ConcludeRunService } from './run/conclude-run.service.js';
import { FreshRuns } from './produce/fresh-runs.js';
import { HoldRun } from './produce/hold-run.service.js';
import { ExecuteRunService } from './produce/execute-run.service.js';
import { LaunchRunService } from './start/launch-run.service.js';
import { QueuedRunService } from './start/queued-run.service.js';
import { RunControlService } from './run/run-control.service.js';
import { RunController } from './run/run.controller.js';
import { RunRates } from './start/run-rates.service.js';
import { TellEnd } from './run/tell-end.service.js';
import { RunRepository } from './run/run.repository.js';
import { StartRunService } from './start/start-run.service.js';
import { SweepJob } from './run/sweep.job.js';
import { Rehearsal } from './rehearsal/rehearsal.service.js';
import { RehearseAsking } from './rehearsal/rehearse-asking.service.js';
import { RehearseRuns } from './rehearsal/rehearse-runs.service.js';
import { RunUsage } from './produce/run-usage.service.js';
import { ScreenRun } from './produce/screen-run.service.js';
import { ScreenAsk } from './start/screen-ask.service.js';
import { WorkerService } from './produce/worker.service.js';
import { FollowService } from './stream/follow.service.js';
import { KeptTexts } from './stream/kept-texts.service.js';
import { RunNews } from './stream/run-news.js';
import { RunStreamService } from './stream/run-stream.service.js';
import { StreamLogRepository } from './stream/stream-log.repository.js';
import { WithdrawRepository } from './withdraw/withdraw.repository.js';
import { WithdrawService } from './withdraw/withdraw.service.js';
import { RunTitles } from './titles/run-titles.service.js';
import { PromptService } from './window/prompt.service.js';
import { ReplyService } from './wire/reply.service.js';

const MADE = [
  { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
  { provide: TenantDigest, inject: [CONFIG], useFactory: (config: Config) => new TenantDigest(config.masterKeys, 'request') },
];
const SHARED = [RehearseRuns, Rehearsal, RunNews, KeptTexts, ConversationRepository, MessageRepository, HistoryRepository, RunRepository, StreamLogRepository, ActiveRuns, AnswerCacheRepository, AnswerCache, LabelLogRepository, RunTitles, ConcludeRow, TellEnd, ConcludeRunService, RunControlService, RunUsage, ScreenRun, FreshRuns, HoldRun, ExecuteRunService];
const API = [ReadyAnswerRepository, ReadyAnswerService, AnswerSource, ServeRunService, ConversationService, ShownMessages, AnswerService, StartRunService, ScreenAsk, PromptService, LaunchRunService, RunRates, QueuedRunService, FollowService, RunStreamService, ReplyService, CompletionService, RehearseAsking, OfferService, LabelFreeService, ConversationExportService, AccountExportService, EraseAccountService, OwnWords, ProfileService, CostReportRepository, CostReportService];
const WORKER = [SweepJob, LabelLogJob, WorkerService, WithdrawRepository, WithdrawService];
const CONTROLLERS = [ConversationController, MessageController, RunController, CompletionsController, ModelsController, AccountController, ProfileController, LabelController];

@Module({})
export class ChatModule {
  private static readonly made = new Map<string, DynamicModule>();

  /** The parts that a role needs: the API edge, the worker, or both. The same object each time: Nest takes another for another module. */
  static for(role: 'all' | 'api' | 'worker'): DynamicModule {
    const made = this.made.get(role) ?? this.make(role);
    this.made.set(role, made);
    return made;
  }

  private static make(role: 'all' | 'api' | 'worker'): DynamicModule {
    const api = role !== 'worker';
    const worker = role !== 'api';
    return {
      module: ChatModule,
      imports: [TenantsModule, IdentityModule, BillingModule.for(role), ModerationModule.for(role), UpstreamModule],
      controllers: api ? CONTROLLERS : [],
      providers: [...MADE, ...SHARED, ...(api ? API : []), ...(worker ? WORKER : [])],
      exports: [RunControlService, ...(api ? [ConversationService, ReadyAnswerService, LabelFreeService, CostReportService] : [])],
    };
  }
}
