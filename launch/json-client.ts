export interface JsonRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bound of the whole exchange, milliseconds; 5,000 when absent. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface JsonAnswer {
  readonly status: number;
  /** The object that was answered; empty when it was none. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** One JSON exchange with a local server. Rejects when there is no answer in time. */
export async function askJson(url: string, request: JsonRequest = {}): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(request.timeoutMs ?? 5_000);
  const response = await fetch(url, {
    method: request.method ?? 'GET',
    headers: { ...(request.body === undefined ? {} : { 'content-type': 'application/json' }), ...request.headers },
    signal: request.signal ? AbortSignal.any([timeout, request.signal]) : timeout,
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  });
  let body: unknown;
  try {
    body = JSON.parse(await response.text());
  } catch {
    body = undefined;
  }
  return { status: response.status, body: typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {} };
}
