import { setTimeout as sleep } from 'node:timers/promises';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what an API answers is for the caller to look into
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

const WAIT_MS = 8_000;

/** One call; status 0 where nobody answered. */
export async function call(method: string, url: string, options: { readonly token?: string; readonly body?: unknown; readonly headers?: Record<string, string> } = {}): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method, signal: AbortSignal.timeout(WAIT_MS),
      headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }), ...options.headers },
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : undefined };
  } catch {
    return { status: 0, body: undefined };
  }
}

/** The same until somebody gives an answer that is final: as a patient client does, always with the same key. */
export async function persist(method: string, url: string, options: Parameters<typeof call>[2], until: number): Promise<Answer> {
  for (;;) {
    const answer = await call(method, url, options);
    if ((answer.status > 0 && answer.status < 500 && answer.status !== 429) || Date.now() > until) return answer;
    await sleep(200 + Math.random() * 300);
  }
}

/** A call to set things up: it must succeed. */
export async function must(method: string, url: string, options: Parameters<typeof call>[2] = {}): Promise<Json> {
  const answer = await persist(method, url, options, Date.now() + 30_000);
  if (answer.status < 200 || answer.status >= 300) throw new Error(`${method} ${url} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
