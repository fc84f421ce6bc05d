import { scriptedStatus } from './errors.js';
import type { AnswerPlan } from './answer-plan.js';

/** What is going to become of a planned answer if its client stays and reads. */
export interface AnswerCourse {
  /** Completion tokens that it will have. */
  readonly tokens: number;
  /** From now until it is complete or breaks; Infinity = it hangs. */
  readonly lastsMs: number;
}

/** Foresees an answer, its scripted faults included. */
export function courseOf(plan: AnswerPlan): AnswerCourse {
  const { behaviour, chat, firstTokenMs, gapMs, total } = plan;
  const { hang, reset } = behaviour;
  if (scriptedStatus(behaviour) !== undefined || reset === 'before-headers') return { tokens: 0, lastsMs: behaviour.firstTokenMs ?? 0 };
  const tokens = tokensOf(plan);
  if (hang !== undefined) return { tokens, lastsMs: Infinity };
  return { tokens, lastsMs: firstTokenMs + gapMs * Math.max(0, (chat.stream ? tokens : total) - 1) };
}

/** A malformed line ends nothing, and an answer in one piece is produced as a whole before half of it is sent. */
function tokensOf({ behaviour, chat, total, faultAt }: AnswerPlan): number {
  if (behaviour.hang === 'before-headers') return 0;
  if (!chat.stream) return behaviour.inStreamError ? 0 : total;
  if (behaviour.hang === 'before-first-token') return 0;
  const ends = behaviour.hang === 'mid' || behaviour.reset === 'mid' || behaviour.inStreamError === true || behaviour.cutWithoutDone === true;
  return ends ? faultAt : total;
}
