import { SetMetadata, applyDecorators } from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { ErrorCode } from '../../platform/errors/index.js';
import { ACCESS } from '../../platform/http/index.js';
import type { StaffRole } from '../staff/staff.js';

/** Who may call a route, as metadata under ACCESS. */
export type Access = { readonly kind: 'public' } | { readonly kind: 'user'; readonly apiKey: boolean; readonly evenBanned: boolean } | { readonly kind: 'staff'; readonly role: StaffRole };

/** Errors that any route for users, or for staff, may answer; for `Answers`. */
export const USER_ERRORS = ['unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned'] as const satisfies readonly ErrorCode[];
export const STAFF_ERRORS = ['unauthenticated', 'forbidden'] as const satisfies readonly ErrorCode[];

/** Users only, by login token; with `apiKey` also by API key; with `evenBanned` banned ones, too: for appeals, and nothing else. The handler gets the context by `@Ctx()`. */
export function ForUser(options: { readonly apiKey?: boolean; readonly evenBanned?: boolean } = {}): MethodDecorator & ClassDecorator {
  const access: Access = { kind: 'user', apiKey: options.apiKey ?? false, evenBanned: options.evenBanned ?? false };
  return applyDecorators(SetMetadata(ACCESS, access), ApiBearerAuth('login'), ...(access.apiKey ? [ApiBearerAuth('api_key')] : []));
}

/** Staff of this role, and platform admins. The handler gets the context by `@PlatformCtx()`. */
export function ForStaff(role: StaffRole): MethodDecorator & ClassDecorator {
  const access: Access = { kind: 'staff', role };
  return applyDecorators(SetMetadata(ACCESS, access), ApiBearerAuth('staff'));
}
