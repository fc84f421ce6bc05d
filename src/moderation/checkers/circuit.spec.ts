import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Circuit, type CallEnd, type CircuitOptions } from './circuit.js';

const OPTIONS: CircuitOptions = { failures: 5, share: 0.5, calls: 20, windowMs: 10_000, openMs: 2_000, longestMs: 10_000, probeMs: 6_000 };

function call(circuit: Circuit, end: CallEnd, now: number): string {
  const passage = circuit.enter(now);
  if (passage !== 'refused') circuit.leave(passage, end, now);
  return passage;
}

function opened(at = 0): Circuit {
  const circuit = new Circuit(OPTIONS);
  for (let failure = 0; failure < 5; failure += 1) call(circuit, 'failed', at);
  return circuit;
}

describe('Circuit', () => {
  it('opens after five failures in a row, and not before', () => {
    const circuit = new Circuit(OPTIONS);
    for (const end of ['failed', 'failed', 'failed', 'failed', 'worked', 'failed', 'failed', 'failed', 'failed'] as const) expect(call(circuit, end, 0)).toBe('free');
    expect(call(circuit, 'failed', 0)).toBe('free');
    expect(circuit.enter(0)).toBe('refused');
  });

  it('opens when half of the last calls failed, though never five in a row', () => {
    const circuit = new Circuit(OPTIONS);
    for (let pair = 0; pair < 10; pair += 1) for (const end of ['worked', 'failed'] as const) expect(call(circuit, end, pair)).toBe('free');
    expect(circuit.enter(10)).toBe('refused');
  });

  it('forgets what is long ago', () => {
    const circuit = new Circuit(OPTIONS);
    for (let pair = 0; pair < 100; pair += 1) for (const end of ['worked', 'failed'] as const) expect(call(circuit, end, pair * 2_000)).toBe('free');
  });

  it('counts nothing that was abandoned', () => {
    const circuit = new Circuit(OPTIONS);
    for (let each = 0; each < 100; each += 1) expect(call(circuit, 'abandoned', each)).toBe('free');
  });

  it('lets one probe go after a while, and closes when it works', () => {
    const circuit = opened();
    expect(circuit.enter(1_999)).toBe('refused');
    expect([circuit.enter(2_000), circuit.enter(2_000), circuit.enter(2_001)]).toEqual(['probe', 'refused', 'refused']);
    circuit.leave('probe', 'worked', 2_100);
    expect(call(circuit, 'worked', 2_100)).toBe('free');
  });

  it('stays open twice as long after each probe that fails, up to a bound', () => {
    const circuit = opened();
    let now = 2_000;
    for (const openMs of [4_000, 8_000, 10_000, 10_000]) {
      expect(call(circuit, 'failed', now)).toBe('probe');
      expect(circuit.enter(now + openMs - 1)).toBe('refused');
      now += openMs;
    }
    expect(call(circuit, 'worked', now)).toBe('probe');
    for (let failure = 0; failure < 5; failure += 1) call(circuit, 'failed', now);
    expect([circuit.enter(now + 1_999), circuit.enter(now + 2_000)]).toEqual(['refused', 'probe']);
  });

  it('lets another probe go at once where one was abandoned, and later where one was lost', () => {
    const circuit = opened();
    expect(call(circuit, 'abandoned', 2_000)).toBe('probe');
    expect(circuit.enter(2_000)).toBe('probe');
    expect([circuit.enter(7_999), circuit.enter(8_000)]).toEqual(['refused', 'probe']);
  });

  it('is not opened anew by calls that set out before it opened', () => {
    const circuit = new Circuit(OPTIONS);
    const passages = Array.from({ length: 50 }, () => circuit.enter(0));
    expect(new Set(passages)).toEqual(new Set(['free']));
    for (let each = 0; each < 50; each += 1) circuit.leave('free', 'failed', each * 30);
    expect(circuit.enter(4 * 30 + 2_000)).toBe('probe');
  });

  it('never stays shut for good: whatever happened, a probe may go after the longest time, and one that works opens the way', () => {
    fc.assert(fc.property(fc.array(fc.record({ end: fc.constantFrom('worked', 'failed', 'abandoned', 'lost'), afterMs: fc.integer({ min: 0, max: 3_000 }) }), { maxLength: 200 }), (events) => {
      const circuit = new Circuit(OPTIONS);
      let now = 0;
      for (const { end, afterMs } of events) {
        now += afterMs;
        const passage = circuit.enter(now);
        if (passage !== 'refused' && end !== 'lost') circuit.leave(passage, end, now);
      }
      now += OPTIONS.longestMs + OPTIONS.probeMs;
      expect(call(circuit, 'worked', now)).not.toBe('refused');
      expect(call(circuit, 'worked', now)).toBe('free');
    }));
  });
});
