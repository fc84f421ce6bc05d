import { Module, type DynamicModule } from '@nestjs/common';
import { IdentityModule } from '../identity/index.js';
import { CONFIG, type Config, type Role } from '../platform/config/index.js';
import { Sealer } from '../platform/crypto/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AppealController } from './appeals/appeal.controller.js';
import { AppealGrounds } from './appeals/appeal-grounds.service.js';
import { AppealRepository } from './appeals/appeal.repository.js';
import { AppealService } from './appeals/appeal.service.js';
import { DeskRulesRepository } from './desk/desk-rules.repository.js';
import { DeskRulesService } from './desk/desk-rules.service.js';
import { ErasureRepository } from './desk/erasure.repository.js';
import { DeskErasure } from './desk/erasure.service.js';
import { NoticeController } from './notices/notice.controller.js';
import { NoticeRepository } from './notices/notice.repository.js';
import { NoticeService } from './notices/notice.service.js';
import { DecideReviewService } from './review/decide-review.service.js';
import { OverdueJob } from './review/overdue.job.js';
import { ReviewRepository } from './review/review.repository.js';
import { ReviewService } from './review/review.service.js';
import { Conduct } from './sanctions/conduct.service.js';
import { MediaRepository } from './media/media.repository.js';
import { OffenceRepository } from './sanctions/offence.repository.js';
import { BanService } from './sanctions/ban.service.js';
import { SanctionDesk } from './sanctions/sanction-desk.service.js';
import { SanctionRepository } from './sanctions/sanction.repository.js';
import { SanctionService } from './sanctions/sanction.service.js';
import { LetterLogRepository } from './support/letter-log.repository.js';
import { ReplyWindowRepository } from './support/reply-window.repository.js';
import { SupportController } from './support/support.controller.js';
import { SupportInbox } from './support/support-inbox.service.js';
import { SupportReplyService } from './support/support-reply.service.js';
import { SupportService } from './support/support.service.js';
import { TicketMessageRepository } from './support/ticket-message.repository.js';
import { TicketRepository } from './support/ticket.repository.js';

const SERVICES = [ReviewService, DecideReviewService, SanctionService, BanService, AppealService, NoticeService, DeskRulesService, SupportService, SupportReplyService, SupportInbox, DeskErasure];
const REPOSITORIES = [
  MediaRepository, ReviewRepository, OffenceRepository, SanctionRepository, AppealRepository, NoticeRepository, DeskRulesRepository, TicketRepository, TicketMessageRepository, ReplyWindowRepository, LetterLogRepository, ErasureRepository,
];

/** Where people decide: queue, sanctions, appeals, customer service. A worker has everything but the public routes. */
@Module({})
export class PeopleModule {
  private static readonly made = new Map<Role, DynamicModule>();

  /** The same object each time: Nest takes another for another module. */
  static for(role: Role): DynamicModule {
    const made = this.made.get(role) ?? this.make(role);
    this.made.set(role, made);
    return made;
  }

  private static make(role: Role): DynamicModule {
    return {
      module: PeopleModule,
      imports: [TenantsModule, IdentityModule],
      controllers: role === 'worker' ? [] : [AppealController, NoticeController, SupportController],
      providers: [
        { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
        ...REPOSITORIES, SanctionDesk, Conduct, AppealGrounds, ...SERVICES, ...(role === 'api' ? [] : [OverdueJob]),
      ],
      exports: [...SERVICES, MediaRepository],
    };
  }
}
