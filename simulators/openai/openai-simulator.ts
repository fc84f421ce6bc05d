import { createServer } from 'node:http';
import { ApiKeys, TooManyKeys } from './keys/api-keys.js';
import { BadBody, readJsonObject } from '../http/read-body.js';
import { listen } from '../http/listen.js';
import { MODEL_BEHAVIOURS } from './behaviour.js';
import { answerHalf, breaksBody } from './broken-body.js';
import { Counters } from './counters.js';
import { Exchange } from './exchange.js';
import { Script } from './script.js';
import { Timeline } from './keys/timeline.js';
import { answerChat, answerModels, failBeforeHeaders } from './chat-completions.js';
import { answerControl } from './control.js';
import { answerEmbeddings } from './embeddings.js';
import { answerError, scriptedStatus } from './errors.js';
import { answerModerations } from './moderations.js';
import { showLimits } from './keys/admission.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Behaviour } from './behaviour.js';
import type { SideEndpoint } from './script.js';

const BODY_LIMIT = 8 * 1024 * 1024;
/** Half of it is no JSON. */
const SIDE_ANSWER = JSON.stringify({ object: 'list', data: [], results: [] });
const NAME = 'bailiao-openai-simulator';
const MODELS = [...MODEL_BEHAVIOURS.keys(), 'gpt-4o-mini', 'text-embedding-3-small', 'omni-moderation-latest'];

/** How to start the simulator; without `apiKey` every key, and none, is accepted. */
export interface OpenAiSimulatorOptions {
  readonly host?: string;
  /** 0 or unset = a free port. */
  readonly port?: number;
  readonly apiKey?: string;
  /** The time of rate limits, key schedules and their logs, milliseconds that never go back; unset = real time. Answers keep real time. */
  readonly clock?: () => number;
}

/** A running simulator of the OpenAI API. */
export interface OpenAiSimulator {
  /** The base URL for a client, `http://host:port/v1`; the control endpoints are at `/control/…` of the same host. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts the OpenAI-compatible simulator. Rejects when the port is taken. */
export async function startOpenAiSimulator(options: OpenAiSimulatorOptions = {}): Promise<OpenAiSimulator> {
  const host = options.host ?? '127.0.0.1';
  const api = new OpenAiApi(options.apiKey, new Timeline(options.clock));
  const server = createServer((request, response) => {
    api.handle(request, response).catch((error: unknown) => api.fail(response, error));
  });
  const listening = await listen(server, host, options.port ?? 0);
  return { url: `http://${host}:${listening.port}/v1`, ...listening };
}

class OpenAiApi {
  readonly #script = new Script();
  readonly #counters = new Counters();
  readonly #keys: ApiKeys;
  readonly #authorization: string | undefined;
  /** Makes request ids unique across restarts. */
  readonly #boot = Date.now().toString(36);
  #requests = 0;

  constructor(apiKey: string | undefined, timeline: Timeline) {
    this.#keys = new ApiKeys(timeline);
    this.#authorization = apiKey === undefined ? undefined : `Bearer ${apiKey}`;
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    response.setHeader('x-simulator', NAME);
    if (path.startsWith('/control/')) {
      await answerControl(request, response, new URL(path, 'http://simulator'), this.#script, this.#keys, this.#counters);
      return;
    }
    this.#requests += 1;
    const id = `sim-${this.#boot}-${this.#requests}`;
    response.setHeader('x-request-id', id);
    const exchange = new Exchange(id, request, response, this.#counters);
    if (this.#authorization !== undefined && request.headers.authorization !== this.#authorization) {
      answerError(response, 401, { message: 'Incorrect API key provided.', code: 'invalid_api_key' });
      return;
    }
    showLimits(exchange, this.#keys);
    await this.#answer(exchange, request.method ?? '', path.split('?', 1)[0] as string);
  }

  async #answer(exchange: Exchange, method: string, path: string): Promise<void> {
    switch (`${method} ${path}`) {
      case 'POST /v1/chat/completions':
        answerChat(exchange, await this.#readBody(exchange, path), this.#script, this.#keys, this.#counters);
        return;
      case 'GET /v1/models':
        this.#unlessScripted(exchange, 'models', () => answerModels(exchange, MODELS));
        return;
      case 'POST /v1/moderations': {
        const body = await this.#readBody(exchange, path);
        this.#unlessScripted(exchange, 'moderations', () => answerModerations(exchange, body));
        return;
      }
      case 'POST /v1/embeddings': {
        const body = await this.#readBody(exchange, path);
        this.#unlessScripted(exchange, 'embeddings', () => answerEmbeddings(exchange, body));
        return;
      }
      default:
        answerError(exchange.response, 404, { message: `Invalid URL (${method} ${path})` });
    }
  }

  async #readBody(exchange: Exchange, path: string): Promise<Record<string, unknown>> {
    const body = await readJsonObject(exchange.request, BODY_LIMIT);
    this.#counters.logRequest({ id: exchange.id, path, at: new Date().toISOString(), headers: exchange.request.headers, body });
    return body;
  }

  #unlessScripted(exchange: Exchange, endpoint: SideEndpoint, answer: () => void): void {
    const behaviour = { ...this.#script.forSide(endpoint), ...sideStateOf(this.#keys.behaviourOf(this.#keys.of(exchange.key))) };
    if (failBeforeHeaders(exchange, behaviour, this.#counters)) return;
    exchange.after(behaviour.firstTokenMs ?? 0, breaksBody(behaviour) ? () => answerHalf(exchange, behaviour, SIDE_ANSWER) : answer);
  }

  fail(response: ServerResponse, error: unknown): void {
    if (error instanceof BadBody) {
      answerError(response, error.status, { message: error.message });
      return;
    }
    if (error instanceof TooManyKeys) {
      answerError(response, 507, { message: error.message, type: 'server_error', code: 'simulator_full' });
      return;
    }
    console.error('OpenAI simulator: unexpected error', error);
    if (response.headersSent) response.destroy();
    else answerError(response, 500, { message: 'The simulator failed; see its log.', type: 'server_error' });
  }
}

/** What a key's state means for the endpoints beside chat: one about the model or the content means nothing there. */
function sideStateOf(state: Behaviour): Behaviour {
  const status = scriptedStatus(state);
  return status === 400 || status === 404 ? {} : state;
}
