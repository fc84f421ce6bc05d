import { GATE_MODEL, type Customer, type World } from './world.js';

/** What a client saw of one answer; times in ms of the bench's clock. */
export interface Seen {
  readonly customer: string;
  readonly sentAt: number;
  readonly firstAt: number | undefined;
  readonly endedAt: number;
  readonly status: number;
  /** The error's code, before the first word or after it. */
  readonly error: string | undefined;
  readonly retryAfterS: number | undefined;
}

export interface Wish {
  /** Length of the answer in tokens. */
  readonly tokens: number;
  readonly gapMs: number;
  readonly firstTokenMs: number;
}

/** One streamed answer through the OpenAI-compatible door. Never rejects: what goes wrong is what is measured. */
export async function ask(world: { readonly api: Pick<World['api'], 'url'> }, customer: Customer, wish: Wish, signal: AbortSignal, model = GATE_MODEL): Promise<Seen> {
  const sentAt = performance.now();
  let firstAt: number | undefined;
  let status = 0;
  let error: string | undefined;
  let retryAfterS: number | undefined;
  try {
    const content = `[[sim ${JSON.stringify({ ...wish, tag: customer.name })}]]`;
    const response = await fetch(`${world.api.url}/v1/chat/completions`, {
      method: 'POST', signal, headers: { authorization: `Bearer ${customer.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream: true, max_tokens: wish.tokens, messages: [{ role: 'user', content }] }),
    });
    status = response.status;
    const retryAfter = response.headers.get('retry-after');
    if (retryAfter !== null) retryAfterS = Number.parseFloat(retryAfter);
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      const piece = decoder.decode(bytes as Uint8Array, { stream: true });
      if (firstAt === undefined && /"content":"[^"]/.test(piece)) firstAt = performance.now();
      text = (text + piece).slice(-4_096);
    }
    error = /"error":\{"code":"([a-z_]+)"/.exec(text)?.[1] ?? /"code":"([a-z_]+)"/.exec(text)?.[1];
    if (error === undefined && status === 200 && !text.includes('[DONE]')) error = 'cut';
  } catch {
    error = signal.aborted ? 'given_up' : 'no_answer';
  }
  return { customer: customer.name, sentAt, firstAt, endedAt: performance.now(), status, error, retryAfterS };
}
