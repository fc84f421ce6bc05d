import { answerJson } from '../http/answer-json.js';
import { BadBehaviour } from './behaviour.js';
import { BadRequest, readChatRequest } from './chat-request.js';
import { FINGERPRINT } from './frames.js';
import { StreamRun } from './stream-run.js';
import { admit } from './keys/admission.js';
import { answerError, answerScripted, scriptedStatus } from './errors.js';
import { planAnswer, usageOf } from './answer-plan.js';
import { answerHalf, breaksBody } from './broken-body.js';
import type { AnswerPlan } from './answer-plan.js';
import type { ApiKeys } from './keys/api-keys.js';
import type { Behaviour } from './behaviour.js';
import type { ChatRequest } from './chat-request.js';
import type { Counters } from './counters.js';
import type { Exchange } from './exchange.js';
import type { Script } from './script.js';

/** `POST /v1/chat/completions`: reads the request, finds its behaviour and answers accordingly. */
export function answerChat(exchange: Exchange, body: Record<string, unknown>, script: Script, keys: ApiKeys, counters: Counters): void {
  let chat: ChatRequest;
  let behaviour: Behaviour;
  try {
    chat = readChatRequest(body);
    behaviour = behaviourOf(exchange, chat, script, keys.behaviourOf(keys.of(exchange.key)));
  } catch (error) {
    if (!(error instanceof BadRequest || error instanceof BadBehaviour)) throw error;
    answerError(exchange.response, 400, { message: error.message, ...(error instanceof BadRequest ? { param: error.param } : { code: 'simulator_bad_behaviour' }) });
    return;
  }
  if (chat.model.startsWith('missing-')) {
    answerError(exchange.response, 404, { message: `The model '${chat.model}' does not exist or you do not have access to it.`, code: 'model_not_found' });
    return;
  }
  exchange.tag = behaviour.tag;
  const plan = planAnswer(exchange.id, chat, behaviour);
  if (!admit(exchange, plan, keys, counters) || failBeforeHeaders(exchange, behaviour, counters)) return;
  if (chat.stream) new StreamRun(exchange, plan).start();
  else exchange.after(plan.firstTokenMs + plan.gapMs * Math.max(0, plan.total - 1), () => answerWhole(exchange, plan));
}

/** What the key's state says is stronger than what the request asks for; where it lets no answer begin, the script keeps its turn for another request. */
function behaviourOf(exchange: Exchange, chat: ChatRequest, script: Script, state: Behaviour): Behaviour {
  const header = exchange.request.headers['x-sim-behaviour'];
  if (scriptedStatus(state) !== undefined || state.hang === 'before-headers' || state.reset === 'before-headers') {
    return { ...(chat.directive?.tag === undefined ? {} : { tag: chat.directive.tag }), ...state };
  }
  return { ...script.forChat(chat.model, typeof header === 'string' ? header : undefined, chat.directive, chat.question.text), ...state };
}

/** The faults that come instead of an answer; true when one of them did. `firstTokenMs` delays them only where it is scripted. */
export function failBeforeHeaders(exchange: Exchange, behaviour: Behaviour, counters: Counters): boolean {
  const { hang, reset, firstTokenMs = 0 } = behaviour;
  const status = scriptedStatus(behaviour);
  if (hang === 'before-headers') {
    exchange.hang();
    return true;
  }
  if (reset === 'before-headers') {
    exchange.after(firstTokenMs, () => exchange.breakConnection());
    return true;
  }
  if (status === undefined) return false;
  exchange.after(firstTokenMs, () => {
    if (status === 429) counters.add('tooManyRequests', 1);
    answerScripted(exchange.response, status, behaviour);
  });
  return true;
}

/** The answer in one piece. The faults of a stream's middle cut the body in half here. */
function answerWhole(exchange: Exchange, plan: AnswerPlan): void {
  const { response } = exchange;
  const { behaviour, total } = plan;
  if (behaviour.inStreamError) {
    answerScripted(response, 500, behaviour);
    return;
  }
  exchange.countTokens(total);
  const text = JSON.stringify(completion(plan));
  if (breaksBody(behaviour)) {
    answerHalf(exchange, behaviour, text);
    return;
  }
  const bytes = Buffer.from(text, 'utf8');
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}

function completion(plan: AnswerPlan): Record<string, unknown> {
  const usage = usageOf(plan, plan.total);
  const reasoning = textOf(plan, 0, Math.min(plan.answer.reasoning, plan.total));
  const message = { role: 'assistant', content: textOf(plan, plan.answer.reasoning, plan.total), refusal: null, ...(reasoning === '' ? {} : { reasoning_content: reasoning }) };
  return {
    id: plan.id,
    object: 'chat.completion',
    created: plan.created,
    model: plan.chat.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: plan.finishReason }],
    ...(usage ? { usage } : {}),
    system_fingerprint: FINGERPRINT,
  };
}

function textOf(plan: AnswerPlan, from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index += 1) text += plan.answer.piece(index).text;
  return text;
}

/** `GET /v1/models`. */
export function answerModels(exchange: Exchange, names: Iterable<string>): void {
  const data = Array.from(names, (id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'bailiao-simulator' }));
  answerJson(exchange.response, 200, { object: 'list', data });
}
