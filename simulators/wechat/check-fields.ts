import type { ApiCall } from './api-call.js';
import type { Openids } from './openids.js';

/** What both checks ask of `version`, `scene` and `openid`. @returns the refusal. (40097 for a wrong version is assumed.) */
export function refuseCheck({ app, body }: ApiCall, openids: Openids): number | undefined {
  const { version, scene, openid } = body;
  if (version !== 2) return 40097;
  if (typeof scene !== 'number' || !Number.isInteger(scene) || scene < 1 || scene > 4) return 40129;
  const stranger = openids.refusal(app.appid, openid);
  if (stranger !== undefined) return stranger;
  return app.alwaysPresent || openids.isPresent(app.appid, openid as string) ? undefined : 61010;
}
