/** A merchant account: whose keys sign, and whose word is believed. */
export interface WechatPayMerchant {
  readonly appId: string;
  readonly merchantId: string;
  /** serial_no of the merchant's API certificate (hex). */
  readonly merchantSerial: string;
  /** PKCS#8 PEM. Signs requests and client parameters. */
  readonly privateKeyPem: string;
  /** 32 ASCII characters. */
  readonly apiV3Key: string;
  /** WeChat Pay's keys by their exact serial: `PUB_KEY_ID_…` (微信支付公钥) or a platform certificate's; PEM of a public key or certificate. */
  readonly wechatKeys: Readonly<Record<string, string>>;
  /** The serial that every request names in `Wechatpay-Serial`: WeChat answers signed with that key. */
  readonly preferredSerial: string;
}
