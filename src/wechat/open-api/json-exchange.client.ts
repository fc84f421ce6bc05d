import { Agent, request } from 'undici';
import { WechatError } from './wechat-error.js';

const ANSWER_LIMIT = 64 * 1024;
/** Calls of this process that are sent or wait for a connection. */
const MOST_UNDER_WAY = 4_000;
// Kept alive, since a handshake costs more than a check. Times are the caller's: his signal ends every wait.
const POOL = { connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: 30_000, connect: { timeout: 3_000 } } as const;

/** A call; with a body it is a POST. Its address may hold a secret. */
export interface Question {
  readonly url: URL;
  readonly body?: object;
}

/**
 * One JSON exchange at a time over a bounded pool of this process. An address is followed nowhere else (`undici.request`
 * takes no redirect), and no error tells it.
 */
export class JsonExchange {
  private readonly agent = new Agent(POOL);
  private underWay = 0;

  /** @throws WechatError; the signal's reason when it is aborted. */
  async ask(question: Question, signal: AbortSignal): Promise<unknown> {
    if (this.underWay >= MOST_UNDER_WAY) throw new WechatError('busy', 'too many calls of this process are under way');
    this.underWay += 1;
    try {
      return await this.send(question, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof WechatError ? error : new WechatError('unreachable', codeOf(error));
    } finally {
      this.underWay -= 1;
    }
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async send({ url, body }: Question, signal: AbortSignal): Promise<unknown> {
    const answer = await request(url, {
      dispatcher: this.agent, signal, method: body === undefined ? 'GET' : 'POST',
      headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }) },
      // Characters as they are, never \uXXXX: WeChat judges the escapes otherwise (reference: 10.4).
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.statusCode !== 200) {
      // Read to its end, so that the connection can serve again; and never destroyed, which would be an error that nobody hears.
      answer.body.dump({ limit: ANSWER_LIMIT, signal }).catch(() => undefined);
      throw new WechatError('unreachable', `HTTP ${answer.statusCode}`);
    }
    return parse(await readBounded(answer.body));
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > ANSWER_LIMIT) throw new WechatError('malformed', 'the answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new WechatError('malformed', 'the answer is not JSON');
  }
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && /^\w{1,40}$/.test(code) ? code : 'unknown';
}
