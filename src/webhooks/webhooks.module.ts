import { Module, type DynamicModule } from '@nestjs/common';
import { BillingModule } from '../billing/index.js';
import { ModerationModule } from '../moderation/index.js';
import type { Role } from '../platform/config/index.js';
import { TenantsModule } from '../tenants/index.js';
import { WechatPayNoticeController } from './inbound/wechatpay-notice.controller.js';
import { WechatPushController } from './inbound/wechat-push.controller.js';
import { WechatPushService } from './inbound/wechat-push.service.js';

/** Letters in. It holds no rule: verified letters are handed to the room that they are for. */
@Module({})
export class WebhooksModule {
  static for(role: Role): DynamicModule {
    return {
      module: WebhooksModule,
      imports: [TenantsModule, BillingModule.for(role), ModerationModule.for(role)],
      controllers: [WechatPayNoticeController, WechatPushController],
      providers: [WechatPushService],
    };
  }
}
