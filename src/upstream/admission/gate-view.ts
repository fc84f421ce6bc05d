/** Of an answer whose model has not answered yet. */
const UNKNOWN_ANSWER = 512;
/** Answers differ: so much above their mean is expected. */
const MARGIN = 1.25;

/** What this process last saw of the gate: a second old at most, for estimates and for the porter. */
export class GateView {
  private answers: ReadonlyMap<string, number> = new Map();
  waiting = 0;

  update(waiting: number, answers: ReadonlyMap<string, number>): void {
    this.waiting = waiting;
    this.answers = answers;
  }

  /** Tokens that an answer will take, as far as former ones tell: never more than it may. */
  expectedAnswer(model: string, maxTokens: number): number {
    const mean = this.answers.get(model);
    return Math.min(maxTokens, mean === undefined ? UNKNOWN_ANSWER : Math.ceil(mean * MARGIN) + 16);
  }
}
