import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { WechatPayMerchant } from './merchant.js';
import { WechatPay } from './pay.client.js';

/** Makes the clients of merchants: cheap values without a state of their own. */
@Injectable()
export class WechatPayClients {
  private readonly hosts: readonly string[];

  constructor(@Inject(CONFIG) { wechat }: Config) {
    this.hosts = wechat.payStandbyUrl === undefined ? [wechat.payBaseUrl] : [wechat.payBaseUrl, wechat.payStandbyUrl];
  }

  forMerchant(merchant: WechatPayMerchant): WechatPay {
    return new WechatPay(merchant, this.hosts);
  }
}
