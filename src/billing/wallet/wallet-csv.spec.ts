import { describe, expect, it } from 'vitest';
import { transferLines, usageLines } from './wallet-csv.js';
import type { UsageRow } from './wallet.js';

async function all(lines: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const line of lines) text += line;
  return text;
}
async function* rows<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}
const at = new Date('2026-11-20T04:00:00.000Z');
const used = (model: string): UsageRow => ({ runId: 'r', at, model, conversationId: undefined, apiKeyId: undefined, promptTokens: 1, cachedTokens: 0, completionTokens: 2, reasoningTokens: 0, credits: 9_007_199_254_740_993n });

describe('the export', () => {
  it('begins with a mark and a header, and writes amounts exactly', async () => {
    expect(await all(usageLines(rows(used('m'))))).toBe('\uFEFFtime,model,prompt_tokens,cached_tokens,completion_tokens,reasoning_tokens,credits,conversation_id,run_id\r\n2026-11-20T04:00:00.000Z,m,1,0,2,0,9007199254740993,,r\r\n');
    expect(await all(transferLines(rows({ id: 'i', at, reason: 'run', direction: 'out', credits: 5n, reference: 'x' } as const)))).toContain('2026-11-20T04:00:00.000Z,run,-5,x\r\n');
  });

  it.each([['=1+1', "'=1+1"], ['@SUM(A1)', "'@SUM(A1)"], ['+1', "'+1"], ['-x', "'-x"], ['a,b', '"a,b"'], ['a"b', '"a""b"'], ['a\nb', '"a\nb"'], ['=a,"b"', '"\'=a,""b"""']])('makes %j harmless', async (model, written) => {
    expect((await all(usageLines(rows(used(model))))).split('\r\n')[1]?.slice('2026-11-20T04:00:00.000Z,'.length)).toBe(`${written},1,0,2,0,9007199254740993,,r`);
  });
});
