import type { Fact } from '../../platform/outbox/index.js';

/** A person found that an answer must not stay. */
export class AnswerRejected implements Fact {
  static readonly kind = 'review.answer_rejected';
  readonly kind = AnswerRejected.kind;

  constructor(readonly runId: string) {}
}

/** A person found that what a user asked for this run must not stay. */
export class QuestionRejected implements Fact {
  static readonly kind = 'review.question_rejected';
  readonly kind = QuestionRejected.kind;

  constructor(readonly runId: string) {}
}
