import { createHash } from 'node:crypto';

/** What a tenant wrote for a common question: given as it is, without asking a model. */
export interface ReadyAnswer {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  /** Public name of the only model that it stands in for; undefined: any. */
  readonly model: string | undefined;
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ReadyAnswerDraft = Pick<ReadyAnswer, 'question' | 'answer' | 'model' | 'enabled'>;

const FINAL_MARKS = new Set('?。.! ');
/** Longer texts, in UTF-16 units, are no common question, however they are spelt. */
const LONGEST = 2_000;

/**
 * What two spellings of one question have in common: Unicode NFKC (full-width marks and letters become plain ones),
 * letters without their case, runs of white space as one blank, no marks at the end. Empty where nothing else is left.
 */
export function plainQuestion(question: string): string {
  const plain = question.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFKC').replace(/\s+/gu, ' ');
  let end = plain.length;
  while (FINAL_MARKS.has(plain.charAt(end - 1))) end -= 1;
  return plain.slice(0, end).trimStart();
}

/** SHA-256 of the plain question: what answers are found by. */
export function questionDigest(question: string): string {
  return createHash('sha256').update(plainQuestion(question)).digest('base64url');
}

/** The tenant's enabled answers, by what is asked. */
export class ReadyAnswers {
  private readonly byQuestion: ReadonlyMap<string, readonly ReadyAnswer[]>;

  constructor(answers: readonly ReadyAnswer[]) {
    const grouped = new Map<string, ReadyAnswer[]>();
    for (const answer of answers) {
      const digest = questionDigest(answer.question);
      grouped.set(digest, [...(grouped.get(digest) ?? []), answer]);
    }
    this.byQuestion = grouped;
  }

  get none(): boolean {
    return this.byQuestion.size === 0;
  }

  /** The answer for this model, else the one for any. */
  find(question: string, model: string): ReadyAnswer | undefined {
    if (question.length > LONGEST) return undefined;
    const found = this.byQuestion.get(questionDigest(question));
    return found?.find((answer) => answer.model === model) ?? found?.find((answer) => answer.model === undefined);
  }
}
