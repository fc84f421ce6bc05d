import { Agent, request, type Dispatcher } from 'undici';
import type { CheckFailure } from '../verdict.js';
import { CheckFailed } from './checker.js';
import { reasonOf } from './deadline.js';
import type { Scores } from './scores.js';

export interface ModerationEndpointOptions {
  /** Ends in /v1. It comes from who runs the platform, and may lead anywhere that he likes. */
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly model: string;
  readonly connectMs: number;
}

export interface Scored {
  /** The model that answered. */
  readonly model: string;
  readonly scores: Scores;
}

const BODY_LIMIT = 2 * 1024 * 1024;
/** Whatever its callers' patience: a request that is not over by then never will be. */
const LONGEST_MS = 30_000;
const CONNECTIONS = 32;
const QUOTA_CODES = new Set(['insufficient_quota', 'billing_hard_limit_reached']);

/** `POST {base}/moderations` of the OpenAI API and those that speak like it, over connections that are kept alive. Redirects are not followed: they would take the key and the texts elsewhere. */
export class ModerationEndpoint {
  private readonly agent: Agent;

  constructor(private readonly options: ModerationEndpointOptions) {
    this.agent = new Agent({ connections: CONNECTIONS, pipelining: 1, keepAliveTimeout: 60_000, headersTimeout: LONGEST_MS, bodyTimeout: LONGEST_MS, connect: { timeout: options.connectMs } });
  }

  /** One answer for each text. @throws CheckFailed; the signal's reason. */
  async score(texts: readonly string[], signal: AbortSignal): Promise<readonly Scored[]> {
    const { status, body } = await this.post({ input: texts, model: this.options.model }, signal);
    if (status !== 200) throw new CheckFailed(failureOfStatus(status, body), `HTTP ${status}`);
    return scoredOf(body, texts.length, this.options.model);
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async post(content: unknown, signal: AbortSignal): Promise<{ readonly status: number; readonly body: unknown }> {
    try {
      const answer = await request(`${this.options.baseUrl}/moderations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/json', ...(this.options.apiKey === '' ? {} : { authorization: `Bearer ${this.options.apiKey}` }) },
        body: JSON.stringify(content),
        signal,
        dispatcher: this.agent,
      });
      return { status: answer.statusCode, body: await readJson(answer.body) };
    } catch (error) {
      if (signal.aborted) throw reasonOf(signal);
      if (error instanceof CheckFailed) throw error;
      const code = (error as { code?: unknown } | undefined)?.code;
      throw new CheckFailed(typeof code === 'string' && /TIMEOUT/.test(code) ? 'timeout' : 'unreachable', typeof code === 'string' ? code : 'no answer');
    }
  }
}

/** Undefined for what is no JSON. @throws CheckFailed for an answer that does not end. */
async function readJson(body: Dispatcher.ResponseData['body']): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_LIMIT) throw new CheckFailed('malformed', 'an answer of more than 2 MiB');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function failureOfStatus(status: number, body: unknown): CheckFailure {
  const code = (body as { error?: { code?: unknown } } | undefined)?.error?.code;
  if (status === 402 || (typeof code === 'string' && QUOTA_CODES.has(code))) return 'quota';
  if (status === 429) return 'busy';
  if (status === 401 || status === 403) return 'credentials';
  if (status === 408) return 'timeout';
  return status >= 500 ? 'unreachable' : 'malformed';
}

function scoredOf(body: unknown, count: number, asked: string): readonly Scored[] {
  const { model, results } = (typeof body === 'object' && body !== null ? body : {}) as { model?: unknown; results?: unknown };
  if (!Array.isArray(results) || results.length !== count) throw new CheckFailed('malformed', 'not one result for each text');
  const name = typeof model === 'string' && model.length <= 100 ? model : asked;
  return results.map((result: unknown) => ({ model: name, scores: scoresOf((result as { category_scores?: unknown } | null)?.category_scores) }));
}

function scoresOf(value: unknown): Scores {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value as Record<string, unknown>) : [];
  const good = entries.length > 0 && entries.length <= 200 && entries.every(([name, score]) => name.length <= 100 && typeof score === 'number' && score >= 0 && score <= 1);
  if (!good) throw new CheckFailed('malformed', 'scores that are no scores');
  return Object.fromEntries(entries) as Scores;
}
