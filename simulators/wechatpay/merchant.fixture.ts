/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access -- test data and answers: the specs assert on them */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { SCHEME, answerMessage, decrypt, requestMessage, signMessage, verifyMessage } from './signing.js';
import { listen } from '../http/listen.js';
import type { IncomingHttpHeaders } from 'node:http';

/** Test data that was made once with other tools: keys, strings, signatures, ciphertexts. */
export const VECTORS: any = JSON.parse(readFileSync(new URL('vectors.fixture.json', import.meta.url), 'utf8'));

export const MCHID: string = VECTORS.config.mchid;
export const APPID: string = VECTORS.config.appid;
export const API_V3_KEY: string = VECTORS.config.apiv3_key;
export const SERIAL: string = VECTORS.config.merchant_serial_no;
export const OPENID = 'oTESTaBcDeFgHiJkLmNoPqRsTuVw';
const PRIVATE_KEY = createPrivateKey(VECTORS.keys.merchant_private_key_pkcs8 as string);

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  bytes: Buffer;
  json: any;
  /** Whether the answer's own signature fits the key that it names; undefined = not signed. */
  isSigned: boolean | undefined;
}

export interface RequestChanges {
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  /** Replaces values of Authorization; undefined takes one out. */
  named?: Record<string, string | undefined>;
  authorization?: string;
}

/** What a merchant's server does: signs requests, verifies answers. */
export class TestMerchant {
  known: any;
  readonly url: string;
  readonly id: string;

  constructor(url: string, id = MCHID) {
    this.url = url;
    this.id = id;
  }

  async register(more: Record<string, unknown> = {}): Promise<void> {
    const body = { merchant_id: this.id, app_ids: [APPID], api_v3_key: API_V3_KEY, merchant_serial: SERIAL, merchant_public_key: VECTORS.keys.merchant_public_key_spki, ...more };
    this.known = await this.control('POST', 'merchants', body);
  }

  async control(method: string, path: string, body?: unknown): Promise<any> {
    const response = await fetch(`${this.url}/control/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    return { ...((await response.json()) as Record<string, unknown>), status: response.status };
  }

  async call(method: string, target: string, { body, raw, headers, named, authorization }: RequestChanges = {}): Promise<Reply> {
    const sent = raw ?? (body === undefined ? '' : JSON.stringify(body));
    const response = await fetch(`${this.url}${target}`, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'spec',
        ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        ...((authorization ?? this.#authorize(method, target, sent, named)) === '' ? {} : { authorization: authorization ?? this.#authorize(method, target, sent, named) }),
        ...headers,
      },
      ...(method === 'POST' ? { body: sent } : {}),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString('utf8');
    return { status: response.status, headers: response.headers, text, bytes, json: text.startsWith('{') ? JSON.parse(text) : undefined, isSigned: this.verify(Object.fromEntries(response.headers), bytes) };
  }

  /** Verifies an answer or a notification with the key that it names. */
  verify(headers: IncomingHttpHeaders, body: Buffer | string): boolean | undefined {
    const [signature, serial] = [headers['wechatpay-signature'], headers['wechatpay-serial']];
    if (signature === undefined) return undefined;
    const pem = serial === this.known?.wechatpay_public_key_id ? this.known.wechatpay_public_key : serial === this.known?.platform_certificate_serial ? this.known.platform_certificate_key : undefined;
    if (pem === undefined) return false;
    return verifyMessage(createPublicKey(pem as string), answerMessage(headers['wechatpay-timestamp'] as string, headers['wechatpay-nonce'] as string, body), signature as string);
  }

  #authorize(method: string, target: string, body: string, named: Record<string, string | undefined> = {}): string {
    const [timestamp, nonce] = [Math.floor(Date.now() / 1000).toString(), randomBytes(16).toString('hex')];
    const signature = signMessage(PRIVATE_KEY, requestMessage(method, target, named['timestamp'] ?? timestamp, named['nonce_str'] ?? nonce, body));
    const values = { mchid: this.id, nonce_str: nonce, signature, timestamp, serial_no: SERIAL, ...named };
    return `${SCHEME} ${Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : `${name}="${value}"`)).join(',')}`;
  }

  order(more: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      appid: APPID,
      mchid: this.id,
      description: 'AI会员月卡',
      out_trade_no: `T${randomBytes(8).toString('hex')}`,
      attach: 'plan=monthly',
      notify_url: 'https://pay.example.com/notify',
      amount: { total: 1990, currency: 'CNY' },
      payer: { openid: OPENID },
      ...more,
    };
  }

  /** Places an order and tells its number. */
  async place(more: Record<string, unknown> = {}): Promise<string> {
    const body = this.order(more);
    const reply = await this.call('POST', '/v3/pay/transactions/jsapi', { body });
    if (reply.status !== 200) throw new Error(reply.text);
    return body['out_trade_no'] as string;
  }

  /** Places an order and has it paid. */
  async placePaid(more: Record<string, unknown> = {}, pay: Record<string, unknown> = {}): Promise<{ no: string; transaction: string }> {
    const no = await this.place(more);
    const paid = await this.control('POST', 'pay', { out_trade_no: no, merchant_id: this.id, notify: false, ...pay });
    if (paid.status !== 200) throw new Error(JSON.stringify(paid));
    return { no, transaction: paid.transaction_id as string };
  }

  async query(no: string): Promise<Reply> {
    return this.call('GET', `/v3/pay/transactions/out-trade-no/${no}?mchid=${this.id}`);
  }

  async close(no: string): Promise<Reply> {
    return this.call('POST', `/v3/pay/transactions/out-trade-no/${no}/close`, { body: { mchid: this.id } });
  }

  async refund(body: Record<string, unknown>): Promise<Reply> {
    return this.call('POST', '/v3/refund/domestic/refunds', { body });
  }
}

export interface Received {
  headers: IncomingHttpHeaders;
  body: string;
  at: number;
}

/** A merchant's notification endpoint that answers as told. */
export interface Inbox {
  readonly url: string;
  readonly received: Received[];
  /** The next statuses; 204 when there are none. 0 = say nothing. */
  readonly statuses: number[];
  /** Resolves when `count` letters came in. */
  has(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function openInbox(): Promise<Inbox> {
  const received: Received[] = [];
  const statuses: number[] = [];
  const waiters = new Set<() => void>();
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8'), at: performance.now() });
      const status = statuses.shift() ?? 204;
      if (status !== 0) response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
      for (const wake of waiters) wake();
    });
  });
  const { port, close } = await listen(server, '127.0.0.1', 0);
  const has = (count: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Only ${received.length} of ${count} letters came.`)), 8_000);
      const wake = (): void => {
        if (received.length < count) return;
        clearTimeout(timer);
        waiters.delete(wake);
        resolve();
      };
      waiters.add(wake);
      wake();
    });
  return { url: `http://127.0.0.1:${port}/notify`, received, statuses, has, close };
}

/** The decrypted resource of a notification. */
export function openLetter({ body }: Received): { envelope: any; resource: any } {
  const envelope = JSON.parse(body);
  const { nonce, associated_data: aad, ciphertext } = envelope.resource as Record<string, string>;
  return { envelope, resource: JSON.parse(decrypt(API_V3_KEY, nonce as string, aad as string, ciphertext as string)) };
}
