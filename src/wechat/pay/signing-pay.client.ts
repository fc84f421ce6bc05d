import Pay from 'wechatpay-node-v3';
import { now } from '../../platform/values/index.js';
import { download, exchange, onHost, type Exchange } from './exchange.client.js';
import type { WechatPayMerchant } from './merchant.js';
import { nonce } from './prepay.js';

const PLACEHOLDER = Buffer.alloc(0);

/**
 * `wechatpay-node-v3` for what it is good for: building and signing requests. It goes out by our transport, with our
 * nonce (its own comes from Math.random), and neither verifies nor decrypts: see reference/stack.md section 6.
 */
export class SigningPay extends Pay {
  private readonly on: Exchange;

  constructor(merchant: WechatPayMerchant, baseUrl: string, signal: AbortSignal | undefined) {
    super({ appid: merchant.appId, mchid: merchant.merchantId, serial_no: merchant.merchantSerial, publicKey: PLACEHOLDER, privateKey: Buffer.from(merchant.privateKeyPem) });
    this.on = { merchant, baseUrl, signal };
    this.createHttp({
      get: (url, headers) => exchange(this.on, 'GET', url, headers),
      post: (url, body, headers) => exchange(this.on, 'POST', url, headers, body),
      upload: () => Promise.reject(new Error('nothing is uploaded to WeChat Pay')),
    });
  }

  /** The file behind a bill's address. @throws WechatPayError */
  async billFile(url: string): Promise<Buffer> {
    const address = onHost(url, this.on.baseUrl);
    const signed = new URL(address);
    return download(this.on, address, { accept: 'application/json', authorization: this.buildAuthorization('GET', `${signed.pathname}${signed.search}`) });
  }

  protected override buildAuthorization(method: string, url: string, body?: Record<string, unknown>): string {
    const timestamp = Math.floor(now() / 1000).toString();
    const nonceText = nonce();
    return this.getAuthorization(nonceText, timestamp, this.getSignature(method, nonceText, timestamp, url.replace(/^https:\/\/[^/]+/, ''), body));
  }
}
