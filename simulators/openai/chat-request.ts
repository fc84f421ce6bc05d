import { takeDirective } from './behaviour.js';
import type { Behaviour } from './behaviour.js';
import type { Question } from './answer.js';

/** What the simulator reads from a chat request. */
export interface ChatRequest {
  readonly model: string;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number;
  readonly promptTokens: number;
  readonly question: Question;
  /** The caller's name for its own user, as OpenAI's `user` field. */
  readonly user: string | undefined;
  readonly directive: Behaviour | undefined;
}

/** A request that the API would refuse with 400; `param` is the field at fault. */
export class BadRequest extends Error {
  readonly param: string;

  constructor(param: string, message: string) {
    super(message);
    this.param = param;
  }
}

const TOKENS_A_MESSAGE = 4;

/** Reads a chat request's body. Throws {@link BadRequest}, and BadBehaviour for an unreadable directive. */
export function readChatRequest(body: Record<string, unknown>): ChatRequest {
  const { model, messages, stream, stream_options: options } = body;
  if (typeof model !== 'string' || model === '') throw new BadRequest('model', 'you must provide a model parameter');
  if (!Array.isArray(messages) || messages.length === 0) throw new BadRequest('messages', "Missing required parameter: 'messages'.");
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') throw new BadRequest('stream', "Invalid type for 'stream': expected a boolean.");
  let promptTokens = 0;
  let last = '';
  messages.forEach((message: unknown, index) => {
    const { role, content } = (typeof message === 'object' && message !== null ? message : {}) as { role?: unknown; content?: unknown };
    if (typeof role !== 'string') throw new BadRequest(`messages[${index}].role`, `Missing required parameter: 'messages[${index}].role'.`);
    const text = textOf(content, index);
    promptTokens += TOKENS_A_MESSAGE + Math.ceil(text.length / 2);
    if (role === 'user') last = text;
  });
  const { text, behaviour } = takeDirective(last);
  return {
    model,
    stream: stream === true,
    includeUsage: typeof options === 'object' && options !== null && (options as { include_usage?: unknown }).include_usage === true,
    maxTokens: readMaximum(body),
    promptTokens,
    user: typeof body['user'] === 'string' ? body['user'] : undefined,
    question: { text, messages: messages.length },
    directive: behaviour,
  };
}

function readMaximum(body: Record<string, unknown>): number {
  const param = body['max_completion_tokens'] === undefined || body['max_completion_tokens'] === null ? 'max_tokens' : 'max_completion_tokens';
  const value = body[param];
  if (value === undefined || value === null) return Infinity;
  if (!Number.isInteger(value) || (value as number) < 1) throw new BadRequest(param, `Invalid value for '${param}': expected an integer >= 1.`);
  return value as number;
}

function textOf(content: unknown, index: number): string {
  if (typeof content === 'string') return content;
  if (content === null || content === undefined) return '';
  if (!Array.isArray(content)) throw new BadRequest(`messages[${index}].content`, `Invalid type for 'messages[${index}].content': expected a string or an array.`);
  return content.map((part: unknown) => (isTextPart(part) ? part.text : '')).join('');
}

function isTextPart(part: unknown): part is { text: string } {
  return typeof part === 'object' && part !== null && typeof (part as { text?: unknown }).text === 'string';
}
