import { answerJson, answerText } from '../http/answer-json.js';
import type { Behaviour } from './behaviour.js';
import type { ServerResponse } from 'node:http';

/** The object inside `{"error": …}` as OpenAI sends it. */
export interface OpenAiError {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Answers an error in OpenAI's shape. */
export function answerError(response: ServerResponse, status: number, error: Partial<OpenAiError> & { readonly message: string }): void {
  answerJson(response, status, { error: { type: 'invalid_request_error', param: null, code: null, ...error } });
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
  answerJson(response, status, { error: scriptedError(status) }, headers);
}

function scriptedError(status: number): OpenAiError {
  const message = `The simulator was told to answer ${status}.`;
  switch (status) {
    case 401:
      return { message, type: 'invalid_request_error', param: null, code: 'invalid_api_key' };
    case 403:
      return { message, type: 'invalid_request_error', param: null, code: 'unsupported_country_region_territory' };
    case 404:
      return { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' };
    case 429:
      return { message, type: 'requests', param: null, code: 'rate_limit_exceeded' };
    default:
      return { message, type: status >= 500 ? 'server_error' : 'invalid_request_error', param: null, code: null };
  }
}
