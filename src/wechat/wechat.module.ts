import { Module } from '@nestjs/common';
import { WechatApi } from './open-api/open-api.client.js';

@Module({ providers: [WechatApi], exports: [WechatApi] })
export class WechatModule {}
