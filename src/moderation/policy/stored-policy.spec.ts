import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from './policy.js';
import { changedPolicy, effectivePolicy, thresholdOf, type PolicyChange, type StoredPolicy } from './stored-policy.js';

const layer = fc.record({
  mode: fc.constantFrom('on', 'off', 'shadow'), onFailure: fc.constantFrom('open', 'closed'), deadlineMs: fc.integer({ min: 50, max: 30_000 }), onReview: fc.constantFrom('pass', 'review', 'block'),
}, { requiredKeys: [] });
const category = fc.constantFrom('default', 'hate', 'self-harm', 'sexual/minors', 'constructor', 'self_harm');
const thresholds = (absent: fc.Arbitrary<number | null>) => fc.dictionary(category, fc.oneof(fc.double({ min: 0.01, max: 1, noNaN: true }), absent));
const stage = { local: fc.record({ mode: fc.constantFrom('on', 'off') }, { requiredKeys: [] }), wechat: layer, openai: layer };
const stored = fc.record({
  input: fc.record({ ...stage, order: fc.constantFrom('beside', 'before') }, { requiredKeys: [] }), output: fc.record({ ...stage, withholdCodeOn: fc.subarray(['ios', 'android']) }, { requiredKeys: [] }),
  thresholds: thresholds(fc.constant(0.5)), retentionDays: fc.integer({ min: 183, max: 900 }), sealTexts: fc.boolean(),
}, { requiredKeys: [] }) as fc.Arbitrary<StoredPolicy>;

/** Every leaf of a change: its path and what it is set to. */
function leaves(tree: object, path: readonly string[] = []): readonly (readonly [readonly string[], unknown])[] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const here = [...path, key];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? leaves(value as object, here) : [[here, value] as const];
  });
}
const at = (tree: unknown, path: readonly string[]): unknown => path.reduce<unknown>((branch, key) => (typeof branch === 'object' && branch !== null && Object.hasOwn(branch, key) ? (branch as Record<string, unknown>)[key] : undefined), tree);

describe('a policy', () => {
  it('is the default where nothing is set', () => {
    expect(effectivePolicy({}, 0)).toEqual(DEFAULT_POLICY);
  });

  it('takes over every leaf of a change, and leaves every other one', () => {
    fc.assert(fc.property(stored, stored, (before, change) => {
      const own = changedPolicy(before, change);
      for (const [path, value] of leaves(change)) expect(at(own, path)).toEqual(value);
      const changed = new Set(leaves(change).map(([path]) => path.join(' ')));
      for (const [path, value] of leaves(before)) if (!changed.has(path.join(' '))) expect(at(own, path)).toEqual(value);
      for (const [path] of leaves(own)) expect(changed.has(path.join(' ')) || at(before, path) !== undefined).toBe(true);
      const policy = effectivePolicy(own, 3);
      for (const [path, value] of leaves(own)) expect(at(policy, path)).toEqual(value);
      for (const [path, value] of leaves(DEFAULT_POLICY).filter(([path]) => path[0] !== 'version' && at(own, path) === undefined)) expect(at(policy, path)).toEqual(value);
    }));
  });

  it('has the default again where a change is null, at any depth', () => {
    fc.assert(fc.property(stored, (before) => {
      const nothing = JSON.parse(JSON.stringify(before), (_, value: unknown) => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null)) as PolicyChange;
      expect(changedPolicy(before, nothing)).toEqual({});
      expect(changedPolicy(before, Object.fromEntries(Object.keys(before).map((key) => [key, null])))).toEqual({});
    }));
  });

  it('never touches the defaults', () => {
    const copy = structuredClone(DEFAULT_POLICY);
    changedPolicy({}, { thresholds: { hate: 0.3 }, input: { wechat: { mode: 'off' } } });
    effectivePolicy({ thresholds: { hate: 0.3 }, texts: { code: 'x' } }, 1);
    expect(DEFAULT_POLICY).toEqual(copy);
  });

  it.each([
    ['__proto__', 0.5], ['', 0.5], ['a b', 0.5], ['hate', 0], ['hate', 1.01], ['hate', '0.5'], ['hate', Number.NaN], ['x'.repeat(61), 0.5],
  ])('refuses the threshold %j: %j by its path', (name, score) => {
    const thresholds = JSON.parse(`{${JSON.stringify(name)}: ${JSON.stringify(score)}}`) as Record<string, number>;
    const given = Number.isNaN(score) ? { hate: Number.NaN } : thresholds;
    expect(() => changedPolicy({}, { thresholds: given })).toThrow(expect.objectContaining({ code: 'invalid_request', param: expect.stringMatching(/^thresholds\./) }));
  });

  it('refuses more categories than anybody has', () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`c${n}`, 0.5]));
    expect(() => changedPolicy({}, { thresholds: many })).toThrow(expect.objectContaining({ param: 'thresholds' }));
  });
});

describe('a threshold', () => {
  it('is the category\'s own, else the default', () => {
    expect([thresholdOf(DEFAULT_POLICY.thresholds, 'sexual/minors'), thresholdOf(DEFAULT_POLICY.thresholds, 'hate'), thresholdOf(DEFAULT_POLICY.thresholds, 'constructor')]).toEqual([0.2, 0.7, 0.7]);
  });
});
