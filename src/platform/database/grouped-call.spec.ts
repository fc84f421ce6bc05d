import type { Pool } from 'pg';
import { describe, expect, it } from 'vitest';
import { GroupedCall } from './grouped-call.js';

interface Row {
  readonly n: number;
}

/** A pool that answers each row with ten times its number, after a turn of the loop; `spoil` decides what fails. */
function pool(spoil: (rows: readonly Row[]) => Error | undefined = () => undefined): { readonly groups: number[][]; readonly pool: Pool } {
  const groups: number[][] = [];
  const query = async ({ values }: { values: [string] }): Promise<{ rows: [{ answers: number[] }] }> => {
    const rows = JSON.parse(values[0]) as Row[];
    groups.push(rows.map((row) => row.n));
    await new Promise((resolve) => setImmediate(resolve));
    const error = spoil(rows);
    if (error !== undefined) throw error;
    return { rows: [{ answers: rows.map((row) => row.n * 10) }] };
  };
  return { groups, pool: { query } as unknown as Pool };
}
const withState = (code: string): Error => Object.assign(new Error('no'), { code });

describe('GroupedCall', () => {
  it('sends what comes together in one statement, and gives each caller its own answer', async () => {
    const { groups, pool: one } = pool();
    const call = new GroupedCall(one, 'f');
    expect(await Promise.all([1, 2, 3].map((n) => call.call<number>({ n })))).toEqual([10, 20, 30]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  it('gathers while a statement is under way, at most 64 to a group', async () => {
    const { groups, pool: one } = pool();
    const call = new GroupedCall(one, 'f');
    const answers = await Promise.all(Array.from({ length: 200 }, (_, n) => call.call<number>({ n })));
    expect(answers).toEqual(Array.from({ length: 200 }, (_, n) => n * 10));
    expect(groups.map((group) => group.length)).toEqual([64, 64, 64, 8]);
  });

  it('lets a bad row fail alone', async () => {
    const { groups, pool: one } = pool((rows) => (rows.some((row) => row.n === 2) ? withState('23514') : undefined));
    const call = new GroupedCall(one, 'f');
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => call.call<number>({ n })));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(groups).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('fails all of a group whose connection broke: nobody knows what happened, and nobody asks by himself', async () => {
    const { groups, pool: one } = pool(() => withState('08006'));
    const call = new GroupedCall(one, 'f');
    const outcomes = await Promise.allSettled([1, 2].map((n) => call.call<number>({ n })));
    expect([outcomes.map((outcome) => outcome.status), groups.length]).toEqual([['rejected', 'rejected'], 1]);
  });
});
