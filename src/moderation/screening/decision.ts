import type { ModerationPolicy } from '../policy/policy.js';
import { stricter, type Judgement, type Verdict } from '../verdict.js';

/** What the layers' judgements come to: the strictest action, by the first that asked for it, a finding before a failure. */
export function verdictOf(judgements: readonly Judgement[], texts: ModerationPolicy['texts']): Verdict {
  const action = judgements.reduce((strictest, judgement) => stricter(strictest, judgement.action), 'pass' as Judgement['action']);
  const deciding = action === 'pass' ? [] : judgements.filter((judgement) => judgement.action === action);
  const by = deciding.find((judgement) => judgement.failure === undefined) ?? deciding[0];
  if (by === undefined) return { action, judgements };
  if (action !== 'block') return { action, judgements, by };
  return by.failure === undefined ? { action, judgements, by, message: texts[by.layer] } : { action, judgements, by, unavailable: true };
}
