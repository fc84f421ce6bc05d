/**
 * How often WeChat lets us write to somebody: 5 times within 48 hours after their message, 2 times within a minute after
 * they entered the session; both add up.
 * https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/kf-mgnt/kf-message/sendCustomMessage.html
 */
const WRITTEN = { left: 5, forMs: 48 * 3_600_000 } as const;
const ENTERED = { left: 2, forMs: 60_000 } as const;

/** What is left of one of them. */
export interface Allowance {
  readonly left: number;
  /** Milliseconds since 1970. */
  readonly until: number;
}

export interface ReplyWindow {
  readonly written: Allowance | undefined;
  readonly entered: Allowance | undefined;
}

export const CLOSED_WINDOW: ReplyWindow = { written: undefined, entered: undefined };

/** They wrote: five answers, however many were left. A letter that comes late ends no window early. */
export function afterWriting(window: ReplyWindow, at: number): ReplyWindow {
  return { ...window, written: renewed(window.written, at, WRITTEN) };
}

/** They entered the session. */
export function afterEntering(window: ReplyWindow, at: number): ReplyWindow {
  return { ...window, entered: renewed(window.entered, at, ENTERED) };
}

/** `over`: they did not write or come lately; `used_up`: they were written to too often since. */
export type WindowRefusal = 'over' | 'used_up';

/** Takes one answer, of the shorter window first. */
export function afterAnswering(window: ReplyWindow, at: number): ReplyWindow | WindowRefusal {
  const { written, entered } = window;
  if (isUsable(entered, at)) return { ...window, entered: { ...entered, left: entered.left - 1 } };
  if (isUsable(written, at)) return { ...window, written: { ...written, left: written.left - 1 } };
  return isOpen(written, at) || isOpen(entered, at) ? 'used_up' : 'over';
}

/** Gives back an answer that WeChat did not take, as far as its window is still open. */
export function afterRefusal(window: ReplyWindow, taken: 'written' | 'entered', at: number): ReplyWindow {
  const allowance = window[taken];
  if (!isOpen(allowance, at)) return window;
  const most = taken === 'written' ? WRITTEN.left : ENTERED.left;
  return { ...window, [taken]: { ...allowance, left: Math.min(most, allowance.left + 1) } };
}

/** WeChat says that there is nothing left: its word counts more than ours. */
export function afterDenial(window: ReplyWindow, refusal: WindowRefusal): ReplyWindow {
  if (refusal === 'over') return CLOSED_WINDOW;
  return { written: window.written === undefined ? undefined : { ...window.written, left: 0 }, entered: window.entered === undefined ? undefined : { ...window.entered, left: 0 } };
}

/** Answers that may still be sent now, and until when. */
export function answersLeft(window: ReplyWindow, at: number): { readonly left: number; readonly until: number | undefined } {
  const open = [window.written, window.entered].filter((each) => isUsable(each, at));
  return { left: open.reduce((sum, each) => sum + (each?.left ?? 0), 0), until: open.length === 0 ? undefined : Math.max(...open.map((each) => each?.until ?? 0)) };
}

function renewed(former: Allowance | undefined, at: number, rule: { readonly left: number; readonly forMs: number }): Allowance {
  return { left: rule.left, until: Math.max(former?.until ?? 0, at + rule.forMs) };
}

function isOpen(allowance: Allowance | undefined, at: number): allowance is Allowance {
  return allowance !== undefined && allowance.until > at;
}

function isUsable(allowance: Allowance | undefined, at: number): allowance is Allowance {
  return isOpen(allowance, at) && allowance.left > 0;
}
