import { Inject, Module, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { CONFIG, type Config, type Role } from '../platform/config/index.js';
import { Sealer, TenantDigest } from '../platform/crypto/index.js';
import { AllowList, OutboundGuard } from '../platform/network/index.js';
import { LOGGER, type Logger } from '../platform/telemetry/index.js';
import { IdentityModule } from '../identity/index.js';
import { TenantsModule } from '../tenants/index.js';
import { CheckDesk } from './checkers/check-desk.service.js';
import { CHECKERS, type Checker } from './checkers/checker.js';
import { OpenAiChecker } from './checkers/openai-checker.client.js';
import { VerdictCacheRepository } from './checkers/verdict-cache.repository.js';
import { GateService } from './gate/gate.service.js';
import { WechatBudget } from './checkers/wechat-budget.repository.js';
import { WechatChecker } from './checkers/wechat-checker.client.js';
import { MediaJob } from './media/media.job.js';
import { MediaCallRepository } from './media/media.repository.js';
import { MediaRetention } from './media/media-retention.service.js';
import { MEDIA_GUARD, MediaService } from './media/media.service.js';
import { MediaVerdicts } from './media/media-verdicts.service.js';
import { PeopleModule } from './people.module.js';
import { PolicyRepository } from './policy/policy.repository.js';
import { PolicyService } from './policy/policy.service.js';
import { Consequences } from './screening/consequences.service.js';
import { ModerationsController } from './screening/moderations.controller.js';
import { ModerationsService } from './screening/moderations.service.js';
import { ScreeningService } from './screening/screening.service.js';
import { ContextScreening } from './screening/context-screening.service.js';
import { WithheldCode } from './screening/withheld-code.service.js';
import { RemoteScreening } from './screening/remote-screening.service.js';
import { RetentionJob } from './verdicts/retention.job.js';
import { VerdictLog } from './verdicts/verdict-log.service.js';
import { VerdictMonths } from './verdicts/verdict-months.service.js';
import { VerdictTexts } from './verdicts/verdict-texts.service.js';
import { VerdictSearch } from './verdicts/verdict-search.service.js';
import { VerdictRepository } from './verdicts/verdict.repository.js';
import { Lexicons } from './words/lexicons.service.js';
import { WordImport } from './words/word-import.service.js';
import { WordListRepository } from './words/word-list.repository.js';
import { WordListService } from './words/word-list.service.js';
import { WordOwners } from './words/word-owners.service.js';
import { WordReading } from './words/word-reading.service.js';
import { WordTrial } from './words/word-trial.service.js';
import { WordRepository } from './words/word.repository.js';
import { WordService } from './words/word.service.js';

const POLICY = [PolicyRepository, PolicyService];
const REMOTE = [
  { provide: OpenAiChecker, inject: [CONFIG], useFactory: makeOpenAiChecker },
  WechatBudget,
  WechatChecker,
  { provide: CHECKERS, inject: [WechatChecker, OpenAiChecker], useFactory: (...checkers: readonly Checker[]) => checkers },
  VerdictCacheRepository,
  CheckDesk,
  RemoteScreening,
];
const LOG = [VerdictRepository, VerdictMonths, VerdictTexts, VerdictLog];
const SCREENING = [Consequences, ScreeningService, GateService, WithheldCode, ContextScreening];
const API = [VerdictSearch, ModerationsService];
const API_DOOR = [VerdictSearch];
const WORKER = [MediaRetention, RetentionJob, MediaJob];
const MEDIA = [{ provide: MEDIA_GUARD, useFactory: () => new OutboundGuard(new AllowList([])) }, MediaCallRepository, MediaVerdicts, MediaService];
const MADE = [
  { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
  { provide: TenantDigest, inject: [CONFIG], useFactory: (config: Config) => new TenantDigest(config.masterKeys, 'verdict_text') },
];
/** Every process searches texts; the lists are kept where staff comes in. */
const WORDS = [WordListRepository, WordRepository, WordReading, Lexicons];
const WORD_STAFF = [WordListService, WordService, WordImport, WordTrial];

/** Judges texts. A worker has everything but the public routes. */
@Module({})
export class ModerationModule implements OnApplicationBootstrap {
  private static readonly made = new Map<Role, DynamicModule>();

  constructor(private readonly openai: OpenAiChecker, @Inject(LOGGER) private readonly logger: Logger) {}

  /** The same object each time: Nest takes another for another module. */
  static for(role: Role): DynamicModule {
    const made = this.made.get(role) ?? this.make(role);
    this.made.set(role, made);
    return made;
  }

  onApplicationBootstrap(): void {
    if (!this.openai.configured) this.logger.info('MODERATION_BASE_URL is not set: the third layer of moderation judges nothing');
  }

  private static make(role: Role): DynamicModule {
    const api = role !== 'worker';
    const worker = role !== 'api';
    return {
      module: ModerationModule,
      imports: [TenantsModule, IdentityModule, PeopleModule.for(role)],
      controllers: api ? [ModerationsController] : [],
      providers: [...MADE, ...POLICY, ...REMOTE, ...LOG, ...WORDS, ...SCREENING, ...MEDIA, ...(api ? [...API, WordOwners, ...WORD_STAFF] : []), ...(worker ? WORKER : [])],
      exports: [PeopleModule, PolicyService, RemoteScreening, VerdictLog, Lexicons, ScreeningService, GateService, WithheldCode, ContextScreening, MediaService, MediaVerdicts, ...(api ? [...API_DOOR, ...WORD_STAFF] : [])],
    };
  }
}

function makeOpenAiChecker({ moderation, upstreamTimeouts }: Config): OpenAiChecker {
  const { baseUrl, apiKey, model } = moderation;
  return new OpenAiChecker(baseUrl === undefined ? undefined : { baseUrl, apiKey, model, connectMs: upstreamTimeouts.connectMs });
}
