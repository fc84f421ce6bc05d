import { Module } from '@nestjs/common';
import { BillingModule } from '../billing/index.js';
import type { Role } from '../platform/config/index.js';
import { WechatPayNoticeController } from './inbound/wechatpay-notice.controller.js';

/** Letters in. It holds no rule: verified letters are handed to the room that they are for. */
@Module({})
export class WebhooksModule {
  static for(role: Role): { module: typeof WebhooksModule; imports: ReturnType<typeof BillingModule.for>[]; controllers: (typeof WechatPayNoticeController)[] } {
    return { module: WebhooksModule, imports: [BillingModule.for(role)], controllers: [WechatPayNoticeController] };
  }
}
