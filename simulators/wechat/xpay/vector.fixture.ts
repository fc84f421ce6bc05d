import { readFileSync } from 'node:fs';

interface Vector extends Record<'app_key' | 'session_key' | 'signData' | 'paySig' | 'signature', string> {
  readonly server_call: Record<'path' | 'post_body' | 'pay_sig', string>;
}

/** A payment and a server call with the keys and the signatures that belong to them. */
export const VECTOR = JSON.parse(readFileSync(new URL('virtual-payment.fixture.json', import.meta.url), 'utf8')) as Vector;
