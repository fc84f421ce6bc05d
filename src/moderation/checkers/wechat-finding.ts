import type { SecResult, SecSuggestion, WechatErrorKind } from '../../wechat/index.js';
import type { CheckFailure } from '../verdict.js';
import type { Finding } from './checker.js';

/** WeChat's label numbers (reference: 10.4). */
const LABELS: Readonly<Record<number, string>> = {
  100: 'normal', 10001: 'ad', 20001: 'politics', 20002: 'porn', 20003: 'abuse', 20006: 'crime', 20008: 'fraud', 20012: 'vulgar', 20013: 'copyright', 21000: 'other',
};
const SUGGESTS: Readonly<Record<SecSuggestion, Finding['suggests']>> = { pass: 'pass', review: 'review', risky: 'block' };
const SEVERITY: readonly Finding['suggests'][] = ['pass', 'review', 'block'];

/** The API that was asked. */
export const WECHAT_VERSION = 'msg_sec_check/2';
export const NOTHING_FOUND: Finding = { suggests: 'pass', label: 'normal', version: WECHAT_VERSION };

/** What WeChat's result says; its own summary decides, and the most certain strategy that agrees with it tells how sure it is. */
export function findingOf({ suggest, label, details, traceId }: SecResult): Finding {
  const agreeing = details.filter((detail) => detail.suggest === suggest && detail.label === label);
  const probs = agreeing.flatMap(({ prob }) => (prob === undefined ? [] : [Math.min(100, Math.max(0, prob)) / 100]));
  return {
    suggests: SUGGESTS[suggest],
    label: LABELS[label] ?? 'other',
    version: WECHAT_VERSION,
    ...(probs.length === 0 ? {} : { score: Math.max(...probs) }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** The worst of several; of two equally bad ones the surer. */
export function worst(one: Finding, other: Finding): Finding {
  const difference = SEVERITY.indexOf(one.suggests) - SEVERITY.indexOf(other.suggests);
  if (difference !== 0) return difference > 0 ? one : other;
  return (other.score ?? 0) > (one.score ?? 0) ? other : one;
}

/** What a failed call means for a check. A user whom WeChat does not know is one whom it has not seen. */
const FAILURES: Readonly<Record<WechatErrorKind, CheckFailure>> = {
  timeout: 'timeout',
  unreachable: 'unreachable',
  busy: 'busy',
  rate_limited: 'quota',
  quota: 'quota',
  not_seen: 'not_seen',
  openid: 'not_seen',
  token: 'credentials',
  bad_credentials: 'credentials',
  malformed: 'malformed',
  refused: 'malformed',
  bad_code: 'malformed',
  high_risk_user: 'malformed',
  window: 'malformed',
};

/** Numbers that have no kind of their own and speak of the app's rights. */
const RIGHTS = new Set([48001, 48002, 48004, 50001, 50002, 50004, 50005, 50007]);

export function failureOf({ kind, errcode }: { readonly kind: WechatErrorKind; readonly errcode?: number | undefined }): CheckFailure {
  return errcode !== undefined && RIGHTS.has(errcode) ? 'credentials' : FAILURES[kind];
}
