/**
 * The closed list of what can go wrong for a caller. A code that is not here
 * does not compile; docs/errors.md and the OpenAPI document are compared with
 * this table by a test.
 */

/** The error classes that OpenAI clients know by name. */
export type OpenAiErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'permission_error'
  | 'insufficient_quota'
  | 'not_found_error'
  | 'conflict_error'
  | 'rate_limit_error'
  | 'api_error';

export interface ErrorDefinition {
  /** HTTP status before the first byte of an answer. */
  readonly status: 400 | 401 | 402 | 403 | 404 | 409 | 422 | 429 | 500 | 502 | 503;
  readonly type: OpenAiErrorType;
  /** Code of the `wxapp` error frame: -1 log in, 101 recharge, 102 show the message, 0 toast, others show as failure. */
  readonly wxapp: -1 | 0 | 101 | 102 | 404 | 500 | 10001 | 11000;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** What a person reads, Chinese first. A thrown error may carry a more exact text. */
  readonly text: { readonly zh: string; readonly en: string };
}

const define = <Code extends string>(table: Record<Code, ErrorDefinition>): Readonly<Record<Code, ErrorDefinition>> => Object.freeze(table);

export const ERROR_CATALOGUE = define({
  invalid_request: {
    status: 400, type: 'invalid_request_error', wxapp: 0, retryable: false, logLevel: 'debug',
    text: { zh: '请求内容有误', en: 'The request is not valid.' },
  },
  unauthenticated: {
    status: 401, type: 'authentication_error', wxapp: -1, retryable: false, logLevel: 'debug',
    text: { zh: '登录已失效，请重新登录', en: 'Please log in again.' },
  },
  insufficient_balance: {
    status: 402, type: 'insufficient_quota', wxapp: 101, retryable: false, logLevel: 'debug',
    text: { zh: '余额不足，请充值', en: 'The balance is too low. Please top up.' },
  },
  forbidden: {
    status: 403, type: 'permission_error', wxapp: 0, retryable: false, logLevel: 'info',
    text: { zh: '没有权限', en: 'This is not allowed.' },
  },
  tenant_suspended: {
    status: 403, type: 'permission_error', wxapp: 11000, retryable: false, logLevel: 'info',
    text: { zh: '服务已暂停', en: 'This service is suspended.' },
  },
  user_banned: {
    status: 403, type: 'permission_error', wxapp: 10001, retryable: false, logLevel: 'info',
    text: { zh: '账号已被封禁', en: 'This account is banned.' },
  },
  user_muted: {
    status: 403, type: 'permission_error', wxapp: 102, retryable: true, logLevel: 'info',
    text: { zh: '你已被禁言，请稍后再试', en: 'You are muted for a while. Please try again later.' },
  },
  not_found: {
    status: 404, type: 'not_found_error', wxapp: 404, retryable: false, logLevel: 'debug',
    text: { zh: '内容不存在', en: 'There is nothing here.' },
  },
  conflict: {
    status: 409, type: 'conflict_error', wxapp: 0, retryable: false, logLevel: 'debug',
    text: { zh: '操作冲突，请稍后再试', en: 'This conflicts with something already under way.' },
  },
  content_blocked: {
    status: 422, type: 'invalid_request_error', wxapp: 102, retryable: false, logLevel: 'info',
    text: { zh: '内容包含违规信息', en: 'This content is not allowed.' },
  },
  rate_limited: {
    status: 429, type: 'rate_limit_error', wxapp: 0, retryable: true, logLevel: 'info',
    text: { zh: '请求太频繁，请稍后再试', en: 'Too many requests. Please try again later.' },
  },
  queue_full: {
    status: 429, type: 'rate_limit_error', wxapp: 0, retryable: true, logLevel: 'warn',
    text: { zh: '当前排队人数过多，请稍后再试', en: 'The queue is full. Please try again later.' },
  },
  internal: {
    status: 500, type: 'api_error', wxapp: 500, retryable: true, logLevel: 'error',
    text: { zh: '服务器开小差了，请稍后再试', en: 'Something went wrong on our side.' },
  },
  upstream_error: {
    status: 502, type: 'api_error', wxapp: 500, retryable: true, logLevel: 'warn',
    text: { zh: '模型服务暂时不可用，请稍后再试', en: 'The model service failed. Please try again.' },
  },
  unavailable: {
    status: 503, type: 'api_error', wxapp: 500, retryable: true, logLevel: 'warn',
    text: { zh: '服务暂时不可用，请稍后再试', en: 'The service is briefly unavailable. Please try again.' },
  },
});

export type ErrorCode = keyof typeof ERROR_CATALOGUE;
export const ERROR_CODES = Object.keys(ERROR_CATALOGUE) as readonly ErrorCode[];
