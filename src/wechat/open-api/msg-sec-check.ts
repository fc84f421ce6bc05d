import { TOKEN_CALL_KINDS, readAnswer, traceIdOf, type Json } from './answer.js';
import { WechatError } from './wechat-error.js';

/** Most characters of one text. */
export const SEC_CHECK_LIMIT = 2_500;

/** Where a text stands: 1 a profile, 2 a comment, 3 a forum, 4 a post. */
export type SecCheckScene = 1 | 2 | 3 | 4;

/** `msg_sec_check`, version 2. https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/sec-center/sec-check/msgSecCheck.html */
export interface SecCheck {
  readonly openid: string;
  readonly content: string;
  readonly scene: SecCheckScene;
  readonly title?: string;
  readonly nickname?: string;
}

const SUGGESTIONS = ['pass', 'review', 'risky'] as const;
export type SecSuggestion = (typeof SUGGESTIONS)[number];

/** One strategy's word. */
export interface SecDetail {
  readonly suggest: SecSuggestion;
  readonly label: number;
  /** 0 to 100; models tell it, key words do not. */
  readonly prob: number | undefined;
}

/** What WeChat finds in a text or an image. */
export interface SecResult {
  readonly suggest: SecSuggestion;
  /** 100 is normal. */
  readonly label: number;
  readonly traceId: string | undefined;
  /** Of the strategies that worked. */
  readonly details: readonly SecDetail[];
}

const MOST_DETAILS = 100;
/** How version 1 says risky; seen beside version 2. */
const RISKY_CONTENT = 87014;
const OTHER_LABEL = 21000;

export function secCheckBody({ openid, content, scene, title, nickname }: SecCheck): object {
  return { version: 2, openid, scene, content, ...(title === undefined ? {} : { title }), ...(nickname === undefined ? {} : { nickname }) };
}

/** @throws WechatError */
export function readSecCheck(answer: unknown): SecResult {
  if (isRiskyContent(answer)) return { suggest: 'risky', label: OTHER_LABEL, traceId: traceIdOf(answer), details: [] };
  return secResultOf(readAnswer(answer, TOKEN_CALL_KINDS));
}

/** The part that answers and pushed results share. @throws WechatError */
export function secResultOf(json: Json): SecResult {
  const { result } = json;
  if (typeof result !== 'object' || result === null) throw new WechatError('malformed', 'the answer has no result');
  const suggest = suggestionOf((result as Json)['suggest']);
  const label = numberOf((result as Json)['label']);
  if (suggest === undefined || label === undefined) throw new WechatError('malformed', 'the result has no suggestion');
  return { suggest, label, traceId: traceIdOf(json), details: detailsOf(json['detail']) };
}

/** XML has one item where JSON has a list of one. Items whose own strategy failed say nothing. */
function detailsOf(value: unknown): readonly SecDetail[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return items.slice(0, MOST_DETAILS).flatMap((item) => {
    if (typeof item !== 'object' || item === null) return [];
    const { errcode, suggest, label, prob } = item as Json;
    const suggestion = suggestionOf(suggest);
    const number = numberOf(label);
    if ((errcode !== undefined && numberOf(errcode) !== 0) || suggestion === undefined || number === undefined) return [];
    return [{ suggest: suggestion, label: number, prob: numberOf(prob) }];
  });
}

function suggestionOf(value: unknown): SecSuggestion | undefined {
  return SUGGESTIONS.find((suggestion) => suggestion === value);
}

/** XML knows no numbers. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  return typeof value === 'string' && /^-?\d{1,9}(\.\d{1,9})?$/.test(value) ? parseFloat(value) : undefined;
}

function isRiskyContent(answer: unknown): answer is Json {
  return typeof answer === 'object' && answer !== null && (answer as Json)['errcode'] === RISKY_CONTENT;
}
