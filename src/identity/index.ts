import { ApiKeyEntity } from './api-keys/api-key.entity.js';
import { RefreshTokenEntity, SessionEntity } from './sessions/session.entity.js';
import { StaffEntity } from './staff/staff.entity.js';
import { UserEntity } from './users/user.entity.js';

export { Public } from '../platform/http/index.js';
export type { ApiKey } from './api-keys/api-key.js';
export { ApiKeyService } from './api-keys/api-key.service.js';
export { ForStaff, ForUser, STAFF_ERRORS, USER_ERRORS, type Access } from './guard/access.decorator.js';
export { AuthenticateGuard } from './guard/authenticate.guard.js';
export { FromCaller } from './guard/caller.decorator.js';
export type { Caller } from './guard/caller.js';
export type { Limit } from './limits/limit.js';
export { RateLimits } from './limits/rate-limits.service.js';
export { IdentityModule } from './identity.module.js';
export { RehearsedLogin } from './sessions/rehearsed-login.service.js';
export type { SessionSummary } from './sessions/session.repository.js';
export { STAFF_ROLES, type Staff, type StaffRole } from './staff/staff.js';
export { STAFF_ACTIONS, type StaffAction, type StaffActionDraft, type StaffActionName } from './staff/staff-action.js';
export { StaffActionService } from './staff/staff-action.service.js';
export { StaffService } from './staff/staff.service.js';
export type { LostStanding, StandingChange } from './standing/standing.js';
export { StandingService } from './standing/standing.service.js';
export { NICKNAME, actingUserId, type Standing, type User } from './users/user.js';
export { UserService, type OwnIdentity } from './users/user.service.js';

/** For the data source of the composition only. */
export const IDENTITY_ENTITIES = [UserEntity, SessionEntity, RefreshTokenEntity, ApiKeyEntity, StaffEntity];
