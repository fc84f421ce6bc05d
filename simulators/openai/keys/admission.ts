import { answerJson } from '../../http/answer-json.js';
import { bookedTokens } from './booked-tokens.js';
import { courseOf } from '../answer-course.js';
import { rateHeaders } from './rate-headers.js';
import { scriptedStatus } from '../errors.js';
import type { AnswerPlan } from '../answer-plan.js';
import type { ApiKeys } from './api-keys.js';
import type { Counters } from '../counters.js';
import type { Exchange } from '../exchange.js';
import type { KeyUse, LimitKind, Violation } from './key-limiter.js';
import type { Limits } from './limits.js';

/** Refusals that a provider makes before it looks at its limits: they book nothing and break nothing. */
const BEFORE_LIMITS: readonly (number | undefined)[] = [401, 403, 404, 429];

/** Lets a planned answer begin, or answers 429 where it would break a limit of its key; true = go on. */
export function admit(exchange: Exchange, plan: AnswerPlan, keys: ApiKeys, counters: Counters): boolean {
  const account = keys.of(exchange.key);
  const limits = keys.limitsOf(account);
  const request = { id: exchange.id, tag: tagOf(exchange, plan), tokens: bookedTokens(plan, limits.tokens ?? 'actual'), lastsMs: courseOf(plan).lastsMs };
  if (BEFORE_LIMITS.includes(scriptedStatus(plan.behaviour))) {
    keys.refuse(account, request);
    return true;
  }
  const verdict = keys.arrive(account, request);
  showLimits(exchange, keys);
  if (!('kinds' in verdict)) {
    exchange.onEnd(verdict.end);
    return true;
  }
  counters.add('violations', 1);
  counters.add('tooManyRequests', 1);
  answerViolation(exchange, plan.chat.model, limits, account.limiter.use(keys.timeline.now()), request.tokens, verdict);
  return false;
}

/** Puts the `x-ratelimit-…` headers of the request's key, as they are now, on its answer. */
export function showLimits(exchange: Exchange, keys: ApiKeys): void {
  const account = keys.of(exchange.key);
  const headers = rateHeaders(keys.limitsOf(account), account.limiter.use(keys.timeline.now()));
  for (const [name, value] of Object.entries(headers)) exchange.response.setHeader(name, value);
}

/** Whose request it is, for shares: the header's word, else the behaviour's tag, else the caller's `user`. */
function tagOf(exchange: Exchange, plan: AnswerPlan): string | undefined {
  const header = exchange.request.headers['x-sim-tag'];
  return typeof header === 'string' ? header : (plan.behaviour.tag ?? plan.chat.user);
}

function answerViolation(exchange: Exchange, model: string, limits: Limits, use: KeyUse, tokens: number, violation: Violation): void {
  const kind = violation.kinds[0] as LimitKind;
  const { retryMs } = violation;
  const retry = retryMs === undefined ? '' : ` Please try again in ${retryMs}ms.`;
  const message = `Rate limit reached for ${model} on ${reasonOf(kind, limits, use, tokens)}.${retry}`;
  answerJson(
    exchange.response,
    429,
    { error: { message, type: kind === 'tokens' ? 'tokens' : 'requests', param: null, code: 'rate_limit_exceeded' } },
    retryMs === undefined ? {} : { 'retry-after': String(Math.ceil(retryMs / 1000)), 'retry-after-ms': String(retryMs) },
  );
}

function reasonOf(kind: LimitKind, limits: Limits, use: KeyUse, tokens: number): string {
  switch (kind) {
    case 'requests':
      return `requests per min (RPM): Limit ${limits.requestsPerMinute}, Used ${use.requests}, Requested 1`;
    case 'tokens':
      return `tokens per min (TPM): Limit ${limits.tokensPerMinute}, Used ${use.tokens}, Requested ${tokens}`;
    case 'requestsPerDay':
      return `requests per day (RPD): Limit ${limits.requestsPerDay}, Used ${use.requestsToday}, Requested 1`;
    case 'concurrent':
      return `concurrent requests: Limit ${limits.concurrent}, Used ${use.open}, Requested 1`;
  }
}
