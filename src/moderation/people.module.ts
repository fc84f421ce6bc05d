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
import { NoticeController } from './notices/notice.controller.js';
import { NoticeRepository } from './notices/notice.repository.js';
import { NoticeService } from './notices/notice.service.js';
import { DecideReviewService } from './review/decide-review.service.js';
import { ReviewRepository } from './review/review.repository.js';
import { ReviewService } from './review/review.service.js';
import { Conduct } from './sanctions/conduct.service.js';
import { OffenceRepository } from './sanctions/offence.repository.js';
import { SanctionDesk } from './sanctions/sanction-desk.service.js';
import { SanctionRepository } from './sanctions/sanction.repository.js';
import { SanctionService } from './sanctions/sanction.service.js';

const SERVICES = [ReviewService, DecideReviewService, SanctionService, AppealService, NoticeService, DeskRulesService];

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
      controllers: role === 'worker' ? [] : [AppealController, NoticeController],
      providers: [
        { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
        ReviewRepository, OffenceRepository, SanctionRepository, AppealRepository, NoticeRepository, DeskRulesRepository, SanctionDesk, Conduct, AppealGrounds, ...SERVICES,
      ],
      exports: SERVICES,
    };
  }
}
