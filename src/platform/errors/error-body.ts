import type { ErrorCode } from './catalogue.js';
import type { DomainError } from './domain-error.js';

/** The one error body everywhere: the shape that OpenAI clients parse. */
export interface ErrorBody {
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly request_id: string;
    readonly details?: Readonly<Record<string, number | string>>;
  };
}

export function errorBody(error: DomainError, locale: 'zh' | 'en', requestId: string): ErrorBody {
  return {
    error: {
      code: error.code,
      message: error.textFor(locale),
      type: error.definition.type,
      param: error.param ?? null,
      request_id: requestId,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  };
}
