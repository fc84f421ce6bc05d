import { ERROR_CATALOGUE, type ErrorCode, type ErrorDefinition } from './catalogue.js';

export interface DomainErrorDetail {
  /** What exactly is wrong and what would be right; shown to the caller, so nothing internal goes in. */
  readonly message?: string;
  /** The request field that is at fault. */
  readonly param?: string;
  /** Milliseconds until a retry makes sense; becomes `Retry-After`, rounded up to seconds. */
  readonly retryAfterMs?: number;
  /** Figures that a program may want beside the message, such as the credits that are missing. */
  readonly details?: Readonly<Record<string, number | string>>;
  /** The private cause: logged by its name, never shown. */
  readonly cause?: unknown;
}

/** The only error that services throw on purpose. Filters turn its code into HTTP or into a frame of a stream. */
export class DomainError extends Error {
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, number | string>> | undefined;
  private readonly exact: string | undefined;

  constructor(readonly code: ErrorCode, detail: DomainErrorDetail = {}) {
    super(detail.message ?? ERROR_CATALOGUE[code].text.en, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'DomainError';
    this.exact = detail.message;
    this.param = detail.param;
    this.retryAfterMs = detail.retryAfterMs;
    this.details = detail.details;
  }

  get definition(): ErrorDefinition {
    return ERROR_CATALOGUE[this.code];
  }

  /** The text for a caller: the exact one where it was given, else the catalogue's in the caller's language. */
  textFor(locale: 'zh' | 'en'): string {
    return this.exact ?? this.definition.text[locale];
  }

  static is(error: unknown, code?: ErrorCode): error is DomainError {
    return error instanceof DomainError && (code === undefined || error.code === code);
  }
}
