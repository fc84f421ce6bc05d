import { DomainError } from '../../platform/errors/index.js';
import { WIRE_NAMES, type WireName } from './wire.js';

/** What a request says about the format that it can read. */
export interface WireWish {
  /** The query's `format`, as parsed: anything but one known name is refused. */
  readonly format?: unknown;
  readonly accept?: string | undefined;
  readonly referer?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** The fixed Referer of `wx.request`: `https://servicewechat.com/{appid}/{version}/page-frame.html`; a mini-program cannot change it. */
const MINI_PROGRAM_REFERER = 'https://servicewechat.com/';
const MINI_PROGRAM_AGENT = /MicroMessenger|miniProgram/i;

/**
 * The wire format of an answer: the query's `format`, else `Accept`, else what
 * the client is. A page in WeChat's own browser has the user agent of a
 * mini-program too, but names itself as Referer: it is given `sse`.
 *
 * @throws DomainError `invalid_request` (param `format`) for an unknown format.
 */
export function negotiateFormat(wish: WireWish): WireName {
  if (wish.format !== undefined) return named(wish.format);
  if (acceptsEventStream(wish.accept)) return 'sse';
  return isMiniProgram(wish) ? 'wxapp' : 'sse';
}

function named(format: unknown): WireName {
  const known = WIRE_NAMES.find((name) => name === format);
  if (known === undefined) {
    throw new DomainError('invalid_request', { param: 'format', message: `format 只能是 ${WIRE_NAMES.join('、')} 之一` });
  }
  return known;
}

function acceptsEventStream(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/event-stream' && !parameters.some((parameter) => /^q=0(\.0{0,3})?$/.test(parameter));
  });
}

function isMiniProgram({ referer, userAgent }: WireWish): boolean {
  if (referer !== undefined && referer !== '') return referer.startsWith(MINI_PROGRAM_REFERER);
  return userAgent !== undefined && MINI_PROGRAM_AGENT.test(userAgent);
}
