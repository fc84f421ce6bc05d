/** What a model costs a user from `validFrom` on. Rates are credits per 1,000 tokens. */
export interface PriceList {
  readonly id: string;
  /** Public model name; `*` is for every model without a list of its own. */
  readonly model: string;
  readonly inputRate: bigint;
  /** Of prompt tokens that the upstream took from its own cache. */
  readonly cachedInputRate: bigint;
  readonly outputRate: bigint;
  /** Of output tokens that the model only thought. */
  readonly reasoningRate: bigint;
  /** Least cost of an answer that used any token, in credits. */
  readonly minimumCharge: bigint;
  readonly validFrom: Date;
  readonly createdAt: Date;
  /** The staff member who set it; undefined for the platform's default. */
  readonly createdBy: string | undefined;
}

export const ANY_MODEL = '*';

/** What holds in a tenant that has set no price yet: rates of the platform, in credits per 1,000 tokens. */
export const DEFAULT_RATES = { inputRate: 500n, cachedInputRate: 250n, outputRate: 1_500n, reasoningRate: 1_500n, minimumCharge: 1n } as const;

/** The list in force for a model at a moment: the model's own, else the one for all; of each the newest that has begun. */
export function listInForce(lists: readonly PriceList[], model: string, at: Date): PriceList | undefined {
  const begun = lists.filter((list) => list.validFrom.getTime() <= at.getTime());
  const newestOf = (name: string): PriceList | undefined =>
    begun.filter((list) => list.model === name).reduce<PriceList | undefined>((best, list) => (best === undefined || list.validFrom > best.validFrom ? list : best), undefined);
  return newestOf(model) ?? newestOf(ANY_MODEL);
}
