/** HTTP statuses of the codes, as the documentation's error tables pair them. */
const STATUSES: Record<string, number> = {
  USER_PAYING: 202,
  PARAM_ERROR: 400,
  INVALID_REQUEST: 400,
  APPID_MCHID_NOT_MATCH: 400,
  MCH_NOT_EXISTS: 400,
  ORDER_CLOSED: 400,
  ORDER_PAID: 400,
  NO_STATEMENT_EXIST: 400,
  STATEMENT_CREATING: 400,
  SIGN_ERROR: 401,
  NO_AUTH: 403,
  ACCOUNT_ERROR: 403,
  NOT_ENOUGH: 403,
  OUT_TRADE_NO_USED: 403,
  RULE_LIMIT: 403,
  TRADE_ERROR: 403,
  USER_ACCOUNT_ABNORMAL: 403,
  ORDER_NOT_EXIST: 404,
  RESOURCE_NOT_EXISTS: 404,
  FREQUENCY_LIMITED: 429,
  RATELIMIT_EXCEEDED: 429,
  SYSTEM_ERROR: 500,
  BANK_ERROR: 500,
  OPENID_MISMATCH: 500,
  INVALID_TRANSACTIONID: 500,
  SIMULATOR_FULL: 507,
};

/** The internal numbers that end a `Request-ID`; support goes by them. */
export const NUMBERS = {
  ok: 0,
  parameter: 268435461,
  range: 268435464,
  unknownField: 270924358,
  signature: 268443699,
  openidMissing: 268501013,
  reentry: 268498688,
  paid: 268498689,
  paidAtClose: 268449538,
  expired: 268447914,
  orderMissing: 268512771,
  merchantMismatch: 268447843,
  appMismatch: 268445527,
  rate: 268447840,
} as const;

export interface ApiErrorExtras {
  readonly detail?: Record<string, unknown>;
  /** The internal number; 268435461 where the documentation tells none. */
  readonly number?: number;
  /** The HTTP status, where it is not the one that goes with the code. */
  readonly status?: number;
}

/** A refusal by APIv3: becomes `{"code","message","detail"?}` with the code's HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: Record<string, unknown> | undefined;
  readonly number: number;

  constructor(code: string, message: string, extras: ApiErrorExtras = {}) {
    super(message);
    this.code = code;
    this.status = extras.status ?? STATUSES[code] ?? 400;
    this.detail = extras.detail;
    this.number = extras.number ?? NUMBERS.parameter;
  }

  get body(): Record<string, unknown> {
    return { code: this.code, message: this.message, ...(this.detail ? { detail: this.detail } : {}) };
  }
}

/** A scripted refusal: one of status and code may be left out and is guessed from the other. */
export function scriptedError(status: number | undefined, code: string | undefined): ApiError {
  const known = code ?? codeOf(status ?? 500);
  const number = known === 'FREQUENCY_LIMITED' ? NUMBERS.rate : NUMBERS.parameter;
  return new ApiError(known, '模拟器按脚本返回的错误', { number, ...(status === undefined ? {} : { status }) });
}

function codeOf(status: number): string {
  if (status === 429) return 'FREQUENCY_LIMITED';
  if (status >= 500) return 'SYSTEM_ERROR';
  return Object.entries(STATUSES).find(([, value]) => value === status)?.[0] ?? 'INVALID_REQUEST';
}

/** A control endpoint's refusal: `{"error":{"message"}}`. */
export class ControlError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
