export type { CodeExchange, WechatSession } from './open-api/code2session.js';
export { WechatApi } from './open-api/open-api.client.js';
export { WechatError, type WechatErrorKind } from './open-api/wechat-error.js';
export { WechatModule } from './wechat.module.js';
