import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VerdictBuffer } from './verdict-buffer.js';
import type { VerdictRecord } from './verdict-record.js';

let made = 0;

function record(clean: boolean, text?: string): VerdictRecord {
  made += 1;
  const judgement = { stage: 'input', layer: 'openai', version: 'v', asked: clean ? 'pass' : 'block', action: 'pass', label: 'normal', latencyMs: 1, cached: false, shadow: false } as const;
  return { tenantId: 't', id: `${made}`, judgement, userId: undefined, conversationId: undefined, runId: undefined, messageId: undefined, textDigest: '', textLength: text?.length ?? 0, text };
}

describe('VerdictBuffer', () => {
  it('gives out what has a finding first, each once, oldest first', () => {
    const buffer = new VerdictBuffer({ records: 10, text: 100 });
    const records = [record(true), record(false), record(true), record(false)];
    buffer.add(records);
    expect(buffer.take(3)).toEqual([records[1], records[3], records[0]]);
    expect([buffer.take(3), buffer.take(3), buffer.size]).toEqual([[records[2]], [], 0]);
  });

  it('drops clean passes first, and counts what went', () => {
    const buffer = new VerdictBuffer({ records: 3, text: 100 });
    expect(buffer.add([record(false), record(true), record(true)])).toEqual({ clean: 0, other: 0 });
    expect(buffer.add([record(false), record(false)])).toEqual({ clean: 2, other: 0 });
    expect(buffer.add([record(false), record(true)])).toEqual({ clean: 1, other: 1 });
  });

  it('stays within its bounds, and loses nothing that it does not tell', () => {
    const add = fc.record({ clean: fc.boolean(), length: fc.integer({ min: 0, max: 40 }) });
    fc.assert(fc.property(fc.array(fc.oneof(add, fc.integer({ min: 1, max: 5 })), { maxLength: 60 }), (steps) => {
      const buffer = new VerdictBuffer({ records: 6, text: 100 });
      let [added, taken, lost] = [0, 0, 0];
      for (const step of steps) {
        if (typeof step === 'number') taken += buffer.take(step).length;
        else {
          const gone = buffer.add([record(step.clean, step.clean ? undefined : 'x'.repeat(step.length))]);
          [added, lost] = [added + 1, lost + gone.clean + gone.other];
        }
        expect(buffer.size).toBeLessThanOrEqual(6);
        expect(added).toBe(taken + lost + buffer.size);
      }
      expect(buffer.take(100).reduce((sum, each) => sum + (each.text?.length ?? 0), 0)).toBeLessThanOrEqual(100);
    }));
  });
});
