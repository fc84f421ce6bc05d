import { effectiveSettings } from '../settings/settings.js';
import type { Tenant } from './tenant.js';

/** The tenant that a start rehearses with: whatever is not set, and no free credits, so that its user can't pay for an answer. */
export function rehearsedTenant(id: string): Tenant {
  return {
    id, slug: 'rehearsal', displayName: 'rehearsal', appId: undefined, hasAppSecret: false, hasPushToken: false, hasPushAesKey: false, state: 'active', domains: [],
    settings: { ...effectiveSettings({}), signupCredits: 0, dailyFreeCredits: 0 }, createdAt: 0, updatedAt: 0,
  };
}
