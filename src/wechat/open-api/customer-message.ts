import { TOKEN_CALL_KINDS, readAnswer } from './answer.js';

/** A message of customer service, good for 48 h after the user wrote. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/sendCustomMessage.html */
export interface CustomerMessage {
  readonly openid: string;
  readonly content:
    | { readonly type: 'text'; readonly text: string }
    | { readonly type: 'image'; readonly mediaId: string }
    | { readonly type: 'link'; readonly title: string; readonly description: string; readonly url: string; readonly thumbUrl: string }
    | { readonly type: 'page'; readonly title: string; readonly path: string; readonly thumbMediaId: string };
}

/** Whether the user sees that somebody writes. */
export interface CustomerTyping {
  readonly openid: string;
  readonly typing: boolean;
}

/** The user sees it already: asking twice is the same as once. */
const ALREADY_TYPING = 45081;

export function customerMessageBody({ openid, content }: CustomerMessage): object {
  switch (content.type) {
    case 'text':
      return { touser: openid, msgtype: 'text', text: { content: content.text } };
    case 'image':
      return { touser: openid, msgtype: 'image', image: { media_id: content.mediaId } };
    case 'link':
      return { touser: openid, msgtype: 'link', link: { title: content.title, description: content.description, url: content.url, thumb_url: content.thumbUrl } };
    case 'page':
      return { touser: openid, msgtype: 'miniprogrampage', miniprogrampage: { title: content.title, pagepath: content.path, thumb_media_id: content.thumbMediaId } };
  }
}

export function customerTypingBody({ openid, typing }: CustomerTyping): object {
  return { touser: openid, command: typing ? 'Typing' : 'CancelTyping' };
}

/** @throws WechatError */
export function readSent(answer: unknown): void {
  readAnswer(answer, TOKEN_CALL_KINDS);
}

/** @throws WechatError */
export function readTyping(answer: unknown): void {
  if (typeof answer === 'object' && answer !== null && (answer as { errcode?: unknown }).errcode === ALREADY_TYPING) return;
  readAnswer(answer, TOKEN_CALL_KINDS);
}
