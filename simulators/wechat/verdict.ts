/** What WeChat advises, mildest first. */
export const SUGGESTIONS = ['pass', 'review', 'risky'] as const;
export type Suggestion = (typeof SUGGESTIONS)[number];

/** The label of a text or picture with nothing in it. */
export const NORMAL = 100;
/** 广告, 时政, 色情, 辱骂, 违法犯罪, 欺诈, 低俗, 版权, 其他. */
export const LABELS: readonly number[] = [NORMAL, 10001, 20001, 20002, 20003, 20006, 20008, 20012, 20013, 21000];

/** One finding of one strategy; an item whose own `errcode` is not 0 counts for nothing. */
export interface DetailItem {
  readonly strategy: 'content_model' | 'keyword';
  readonly errcode: number;
  readonly suggest?: Suggestion;
  readonly label?: number;
  readonly prob?: number;
  readonly level?: number;
  readonly keyword?: string;
}

/** A verdict as both checks tell it. */
export interface Verdict {
  readonly result: { readonly suggest: Suggestion; readonly label: number };
  readonly detail: readonly DetailItem[];
}

/** The worst of the items that count. */
export function verdictOf(detail: readonly DetailItem[]): Verdict {
  let result: Verdict['result'] = { suggest: 'pass', label: NORMAL };
  for (const { errcode, suggest, label } of detail) {
    if (errcode === 0 && suggest !== undefined && label !== undefined && SUGGESTIONS.indexOf(suggest) > SUGGESTIONS.indexOf(result.suggest)) result = { suggest, label };
  }
  return { result, detail };
}

export function isSuggestion(value: unknown): value is Suggestion {
  return SUGGESTIONS.some((one) => one === value);
}
