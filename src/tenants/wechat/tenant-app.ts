import type { PushSettings } from '../../wechat/index.js';

/** A tenant's mini-program with its secrets in clear. Stays inside the room. */
export interface TenantApp {
  readonly tenantId: string;
  readonly appId: string;
  readonly appSecret: string | undefined;
  readonly push: PushSettings | undefined;
}

/** One that may call WeChat. */
export type CallingApp = TenantApp & { readonly appSecret: string };

export function mayCall(app: TenantApp | undefined): app is CallingApp {
  return app?.appSecret !== undefined;
}
