import { Module } from '@nestjs/common';
import { WechatApi } from './open-api/open-api.client.js';
import { WechatPayClients } from './pay/pay-clients.client.js';

@Module({ providers: [WechatApi, WechatPayClients], exports: [WechatApi, WechatPayClients] })
export class WechatModule {}
