/** Of an answer whose model has not answered yet. */
const UNKNOWN_ANSWER = 512;
/** Answers differ: so much above their mean is expected. */
const MARGIN = 1.25;
/** Tenants whose own channels' answers are remembered. */
const OWNERS = 1_000;

/** Whose channels answered: a tenant, or the platform. */
export type Owner = string | undefined;

/** Mean length of answers in tokens, by model. */
export type AnswerLengths = ReadonlyMap<string, number>;

/**
 * What this process last saw of the gate: a second old at most, for estimates and for the porter. How long answers are
 * is known for each owner of channels apart: what a tenant's own upstream says must not book other tenants' minutes.
 */
export class GateView {
  private platform: AnswerLengths = new Map();
  private readonly own = new Map<string, AnswerLengths>();
  private readonly asked = new Set<string>();
  waiting = 0;

  /** Tenants with own channels that asked since the last look: the next one is to bring theirs. */
  takeAsked(): readonly string[] {
    const asked = [...this.asked];
    this.asked.clear();
    return asked;
  }

  update(waiting: number, platform: AnswerLengths, own: ReadonlyMap<string, AnswerLengths> = new Map()): void {
    this.waiting = waiting;
    this.platform = platform;
    for (const [tenantId, lengths] of own) {
      this.own.delete(tenantId);
      this.own.set(tenantId, lengths);
    }
    for (const oldest of this.own.keys()) {
      if (this.own.size <= OWNERS) break;
      this.own.delete(oldest);
    }
  }

  /**
   * Tokens that an answer will take, as far as former ones tell: never more than it may.
   * @param owners of the channels that may serve it; the one with the longer answers counts.
   */
  expectedAnswer(owners: Iterable<Owner>, model: string, maxTokens: number): number {
    const means: number[] = [];
    for (const owner of new Set(owners)) {
      if (owner !== undefined && this.asked.size < OWNERS) this.asked.add(owner);
      const mean = (owner === undefined ? this.platform : this.own.get(owner))?.get(model);
      if (mean !== undefined) means.push(mean);
    }
    return Math.min(maxTokens, means.length === 0 ? UNKNOWN_ANSWER : Math.ceil(Math.max(...means) * MARGIN) + 16);
  }
}
