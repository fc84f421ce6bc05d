import { TOKEN_CALL_KINDS, readAnswer, traceIdOf } from './answer.js';
import type { SecCheckScene } from './msg-sec-check.js';
import { WechatError } from './wechat-error.js';

/** `media_check_async`, version 2: the result is pushed within 30 minutes. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/mediaCheckAsync.html */
export interface MediaCheck {
  readonly openid: string;
  /** WeChat downloads it; 10 MB at most. */
  readonly mediaUrl: string;
  readonly media: 'audio' | 'image';
  readonly scene: SecCheckScene;
}

const MEDIA_TYPE = { audio: 1, image: 2 } as const;

export function mediaCheckBody({ openid, mediaUrl, media, scene }: MediaCheck): object {
  return { version: 2, openid, scene, media_url: mediaUrl, media_type: MEDIA_TYPE[media] };
}

/** The name under which the result will be pushed. @throws WechatError */
export function readMediaCheck(answer: unknown): string {
  const traceId = traceIdOf(readAnswer(answer, TOKEN_CALL_KINDS));
  if (traceId === undefined) throw new WechatError('malformed', 'the answer has no trace_id');
  return traceId;
}
