import { createHmac } from 'node:crypto';

/**
 * `pay_sig` of a server call and `paySig` of the client's: hex HMAC-SHA256 over name & text with the
 * AppKey of the environment. `name` is the path without query, or `requestVirtualPayment`; `text` the very
 * bytes that were sent.
 */
export function paySignature(appKey: string, name: string, text: string | Buffer): string {
  return createHmac('sha256', appKey).update(`${name}&`).update(text).digest('hex');
}

/** `signature`, the user's state: hex HMAC-SHA256 over the text with the session key as it was returned, not Base64-decoded. */
export function userSignature(sessionKey: string, text: string | Buffer): string {
  return createHmac('sha256', sessionKey).update(text).digest('hex');
}
