import type { LayerMode, RemoteLayerPolicy } from '../policy/policy.js';
import type { CheckAnswer } from '../checkers/check-desk.service.js';
import type { Action, Judgement, Layer, Stage } from '../verdict.js';

/** What is known to have been asked, where nothing answered. */
const NO_VERSION = 'none';

/** A layer's answer under a policy: what it asks for, and what is done. Nothing for a layer that did not judge at all. */
export function judgementOf(stage: Stage, layer: Layer, mode: LayerMode, policy: RemoteLayerPolicy, answer: CheckAnswer): Judgement | undefined {
  if (answer.kind === 'uncovered' || mode === 'off') return undefined;
  const shadow = mode === 'shadow';
  const common = { stage, layer, shadow, latencyMs: answer.latencyMs };
  if (answer.kind === 'failed') {
    return { ...common, version: NO_VERSION, asked: 'pass', action: !shadow && policy.onFailure === 'closed' ? 'block' : 'pass', label: 'normal', failure: answer.failure, cached: false };
  }
  const { suggests, label, score, traceId, version } = answer.finding;
  const done: Action = suggests === 'review' ? policy.onReview : suggests;
  return {
    ...common, version, asked: suggests, action: shadow ? 'pass' : done, label, cached: answer.cached,
    ...(score === undefined ? {} : { score }), ...(traceId === undefined ? {} : { traceId }),
  };
}
