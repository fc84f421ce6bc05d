import { Injectable } from '@nestjs/common';
import { GateService, ScreeningService, type OpenGate, type ScreeningSubject } from '../../moderation/index.js';
import type { RunPlan } from '../run/run.js';
import { RunEnded } from './active-runs.js';

/** A question that was asked stays, also when its answer was stopped: it is judged in any case. The layers' deadlines bound it. */
const UNENDING = new AbortController().signal;

/** Moderation of one run, in the process that produces it. */
export interface RunScreening {
  /** Resolves when the question has passed, within the layers' deadlines, whatever becomes of the run. Rejects with RunEnded, kind `blocked`. */
  readonly passed: Promise<void>;
  /** The model is asked only after the question has passed. */
  readonly before: boolean;
  readonly gate: OpenGate;
}

/** A message's way, beside 8 and at 9: the remote layers judge the question while the model is asked, and the gate judges the answer. */
@Injectable()
export class ScreenRun {
  constructor(private readonly screening: ScreeningService, private readonly gates: GateService) {}

  /** Begins to judge the question, whoever asked it and by whichever door. */
  async open(plan: RunPlan): Promise<RunScreening> {
    const subject = subjectOf(plan);
    if (plan.fixedReply !== undefined) return { passed: Promise.resolve(), before: false, gate: await this.gates.unguarded(plan.ctx) };
    const { before, verdict } = await this.screening.remote(plan.ctx, subject, textsOf(plan), UNENDING);
    const passed = verdict.then(({ action, message, unavailable }) => {
      if (action !== 'block') return;
      throw new RunEnded({ kind: 'blocked', code: unavailable === true ? 'unavailable' : 'content_blocked', message });
    });
    // It is awaited before the first word; a failure that comes earlier must not count as unhandled.
    passed.catch(() => undefined);
    return { passed, before, gate: await this.gates.open(plan.ctx, subject) };
  }

  /** Of words that a lost worker had shown. @returns what stands in their place where they must not stay */
  async judgeShown(plan: RunPlan, text: string): Promise<string | undefined> {
    return plan.fixedReply === undefined && plan.subject.messageId !== '' ? this.gates.judgeShown(plan.ctx, subjectOf(plan), text) : undefined;
  }
}

function subjectOf({ subject }: RunPlan): ScreeningSubject {
  return { runId: subject.runId, conversationId: subject.conversationId, messageId: subject.messageId };
}

/** What the user wrote for this run: in a conversation the question, beside a prompt of the user's own; from an API client everything. */
function textsOf({ turn, request, ownPrompt }: RunPlan): readonly string[] {
  if (turn === undefined) return request.messages.map(({ content }) => content);
  const [first] = request.messages;
  return ownPrompt === true && first?.role === 'system' ? [turn.question, first.content] : [turn.question];
}
