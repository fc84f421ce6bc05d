import { DomainError } from '../../platform/errors/index.js';
import { DEFAULT_POLICY, type ModerationPolicy } from './policy.js';

type Settable = Omit<ModerationPolicy, 'version'>;
type Part<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [Key in keyof T]?: Part<T[Key]> } : T;
type Change<T> = T extends readonly unknown[] ? T : T extends object ? { readonly [Key in keyof T]?: Change<T[Key]> | null } : T;

/** What a tenant set, and nothing else: whatever is absent follows the defaults, also when these change. */
export type StoredPolicy = Part<Settable>;

/** A change: only what is given changes, null brings the default back. */
export type PolicyChange = Change<Settable>;

type Tree = Readonly<Record<string, unknown>>;

const CATEGORY = /^[A-Za-z0-9][\w/.:-]{0,59}$/;
const MOST_CATEGORIES = 50;
const LEAST_THRESHOLD = 0.01;

/**
 * What a tenant has set after a change.
 * @throws DomainError `invalid_request` that names the category whose threshold is wrong.
 */
export function changedPolicy(stored: StoredPolicy, change: PolicyChange): StoredPolicy {
  for (const [category, score] of Object.entries(change.thresholds ?? {})) checkThreshold(category, score);
  const merged = overlay(stored, change) as StoredPolicy;
  if (Object.keys(merged.thresholds ?? {}).length > MOST_CATEGORIES) throw invalid('thresholds', `must name at most ${MOST_CATEGORIES} categories`);
  return merged;
}

/** The policy in force: what the tenant set, over the defaults. */
export function effectivePolicy(stored: StoredPolicy, version: number): ModerationPolicy {
  return Object.freeze({ ...(overlay(DEFAULT_POLICY as unknown as Tree, stored) as unknown as ModerationPolicy), version });
}

/** The threshold of a category: its own, else `default`. */
export function thresholdOf(thresholds: Readonly<Record<string, number>>, category: string): number {
  return (Object.hasOwn(thresholds, category) ? thresholds[category] : thresholds.default) ?? 1;
}

/** `change` over `base`, level by level. Null removes; a branch that has nothing left is removed. */
function overlay(base: Tree, change: Tree): Tree {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) continue;
    const inner = isTree(value) ? overlay(treeOf(result[key]), value) : value;
    if (inner === null || (isTree(inner) && Object.keys(inner).length === 0)) delete result[key];
    else result[key] = inner;
  }
  return result;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function treeOf(value: unknown): Tree {
  return isTree(value) ? value : {};
}

function checkThreshold(category: string, score: unknown): void {
  const path = `thresholds.${category.replace(/[^\w/.:-]/g, '?').slice(0, 60)}`;
  if (!CATEGORY.test(category)) throw invalid(path, 'is not the name of a category');
  const good = score === null || (typeof score === 'number' && score >= LEAST_THRESHOLD && score <= 1);
  if (!good) throw invalid(path, `must be a number from ${LEAST_THRESHOLD} to 1`);
}

function invalid(param: string, fault: string): DomainError {
  return new DomainError('invalid_request', { param, message: `${param} ${fault}` });
}
