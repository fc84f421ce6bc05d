import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TenantsModule } from '../tenants/index.js';
import { ApiKeyController } from './api-keys/api-key.controller.js';
import { ApiKeyRepository } from './api-keys/api-key.repository.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { KeyUsageService } from './api-keys/key-usage.service.js';
import { AuthenticateGuard } from './guard/authenticate.guard.js';
import { RateLimits } from './limits/rate-limits.service.js';
import { SessionController } from './sessions/session.controller.js';
import { SessionRepository } from './sessions/session.repository.js';
import { RehearsedLogin } from './sessions/rehearsed-login.service.js';
import { SessionService } from './sessions/session.service.js';
import { SweepSessionsJob } from './sessions/sweep.job.js';
import { StaffActionRepository } from './staff/staff-action.repository.js';
import { StaffActionService } from './staff/staff-action.service.js';
import { StaffRepository } from './staff/staff.repository.js';
import { StaffService } from './staff/staff.service.js';
import { StandingRepository } from './standing/standing.repository.js';
import { StandingService } from './standing/standing.service.js';
import { UserRepository } from './users/user.repository.js';
import { UserService } from './users/user.service.js';
import { WechatLoginController } from './wechat-login/wechat-login.controller.js';
import { WechatLoginService } from './wechat-login/wechat-login.service.js';

/** Importing it closes every route of the app that does not say who may call it. */
@Module({
  imports: [TenantsModule],
  controllers: [ApiKeyController, SessionController, WechatLoginController],
  providers: [
    ApiKeyRepository,
    ApiKeyService,
    KeyUsageService,
    RateLimits,
    SessionRepository,
    SessionService,
    RehearsedLogin,
    SweepSessionsJob,
    StaffActionRepository,
    StaffActionService,
    StaffRepository,
    StaffService,
    StandingRepository,
    StandingService,
    UserRepository,
    UserService,
    WechatLoginService,
    AuthenticateGuard,
    { provide: APP_GUARD, useExisting: AuthenticateGuard },
  ],
  exports: [RehearsedLogin, ApiKeyService, AuthenticateGuard, RateLimits, StaffActionService, StaffService, StandingService, UserService],
})
export class IdentityModule {}
