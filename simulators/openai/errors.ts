import { answerJson, answerText } from '../http/answer-json.js';
import type { Behaviour, NamedError } from './behaviour.js';
import type { ServerResponse } from 'node:http';

const INVALID = 'invalid_request_error';

/** The object inside `{"error": …}` as OpenAI sends it. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Answers an error in OpenAI's shape. */
export function answerError(response: ServerResponse, status: number, error: Partial<OpenAiError> & { readonly message: string }): void {
  answerJson(response, status, { error: { type: INVALID, param: null, code: null, ...error } });
}

const NAMED: Record<NamedError, { readonly status: number; readonly error: OpenAiError }> = {
  insufficient_quota: {
    status: 429,
    error: { message: 'You exceeded your current quota, please check your plan and billing details. (The simulator was told so.)', type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
  },
  content_policy: {
    status: 400,
    error: { message: 'Your request was rejected as a result of our safety system. (The simulator was told so.)', type: INVALID, param: null, code: 'content_policy_violation' },
  },
  context_length: {
    status: 400,
    error: { message: "This model's maximum context length is exceeded. Please reduce the length of the messages. (The simulator was told so.)", type: INVALID, param: 'messages', code: 'context_length_exceeded' },
  },
};

/** The error status that a behaviour answers instead of anything else; undefined = none. */
export function scriptedStatus(behaviour: Behaviour): number | undefined {
  if (behaviour.error !== undefined) return NAMED[behaviour.error].status;
  return behaviour.status === undefined || behaviour.status < 400 ? undefined : behaviour.status;
}

/** Answers the scripted error status, with its retry headers, as JSON or as the HTML page of a proxy. */
export function answerScripted(response: ServerResponse, status: number, behaviour: Behaviour): void {
  const headers = {
    ...(behaviour.retryAfter === undefined ? {} : { 'retry-after': String(behaviour.retryAfter) }),
    ...(behaviour.retryAfterMs === undefined ? {} : { 'retry-after-ms': String(behaviour.retryAfterMs) }),
  };
  if (behaviour.html) {
    const page = `<html>\r\n<head><title>${status} simulated</title></head>\r\n<body><center><h1>${status}</h1></center><hr><center>simulator</center></body>\r\n</html>\r\n`;
    answerText(response, status, 'text/html', page, headers);
    return;
  }
  answerJson(response, status, { error: behaviour.error === undefined ? scriptedError(status) : NAMED[behaviour.error].error }, headers);
}

function scriptedError(status: number): OpenAiError {
  const message = `The simulator was told to answer ${status}.`;
  switch (status) {
    case 401:
      return { message, type: INVALID, param: null, code: 'invalid_api_key' };
    case 403:
      return { message, type: INVALID, param: null, code: 'unsupported_country_region_territory' };
    case 404:
      return { message, type: INVALID, param: 'model', code: 'model_not_found' };
    case 429:
      return { message, type: 'requests', param: null, code: 'rate_limit_exceeded' };
    default:
      return { message, type: status >= 500 ? 'server_error' : INVALID, param: null, code: null };
  }
}
