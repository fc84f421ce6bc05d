import type { TenantSettings } from '../settings/settings.js';

export type TenantState = 'active' | 'suspended';

/** A reseller: a brand, a mini-program, users of its own. Frozen; shared by all requests of the process. */
export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly displayName: string;
  /** AppID of its mini-program. */
  readonly appId: string | undefined;
  readonly hasAppSecret: boolean;
  /** Letters of WeChat's message push can be verified; and opened where they are encrypted. */
  readonly hasPushToken: boolean;
  readonly hasPushAesKey: boolean;
  readonly state: TenantState;
  /** Host names, lower case, that belong to it alone. */
  readonly domains: readonly string[];
  readonly settings: TenantSettings;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** How a caller without a token may name its tenant. The first that is given decides. */
export interface TenantHints {
  /** `X-Tenant`. */
  readonly slug?: string | undefined;
  /** Host name, without port; one that belongs to no tenant says nothing. */
  readonly host?: string | undefined;
  readonly appId?: string | undefined;
}

/** One name of a tenant; unique among all of its kind. */
export interface TenantName {
  readonly kind: 'slug' | 'host' | 'appId';
  readonly value: string;
}

/** A new tenant. */
export interface TenantDraft {
  readonly slug: string;
  readonly displayName: string;
  readonly appId?: string | undefined;
  readonly appSecret?: string | undefined;
  readonly pushToken?: string | undefined;
  readonly pushAesKey?: string | undefined;
  readonly domains?: readonly string[] | undefined;
  /** Checked by the service, key by key. */
  readonly settings?: unknown;
}

/** A change: what is undefined stays, null removes. */
export interface TenantChange {
  readonly slug?: string | undefined;
  readonly displayName?: string | undefined;
  readonly appId?: string | null | undefined;
  readonly appSecret?: string | null | undefined;
  readonly pushToken?: string | null | undefined;
  readonly pushAesKey?: string | null | undefined;
  readonly domains?: readonly string[] | undefined;
  readonly settings?: unknown;
}

export const SLUG = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/;
/** A host name of RFC 1123, lower case, without port. */
export const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const APP_ID = /^[\w-]{1,64}$/;

/** The request field at fault when a unique constraint refuses a tenant. */
export const PARAM_OF_CONSTRAINT: Readonly<Record<string, string>> = {
  tenants_slug_key: 'slug',
  tenants_app_id_key: 'app_id',
  tenant_domains_domain_key: 'domains',
};
