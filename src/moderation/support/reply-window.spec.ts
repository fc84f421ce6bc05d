import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLOSED_WINDOW, afterAnswering, afterDenial, afterEntering, afterRefusal, afterWriting, answersLeft, type ReplyWindow } from './reply-window.js';

const HOUR = 3_600_000;
const AT = 1_000 * HOUR;

/** How many answers go out before one is refused, and by what. */
function sendUntilRefused(from: ReplyWindow, at: number): [number, string] {
  let window = from;
  for (let sent = 0; ; sent += 1) {
    const next = afterAnswering(window, at);
    if (typeof next === 'string') return [sent, next];
    window = next;
  }
}

describe('the reply window', () => {
  it('is closed to who never wrote', () => {
    expect(sendUntilRefused(CLOSED_WINDOW, AT)).toEqual([0, 'over']);
  });

  it('has five answers within 48 hours after a message', () => {
    const window = afterWriting(CLOSED_WINDOW, AT);
    expect([sendUntilRefused(window, AT), sendUntilRefused(window, AT + 48 * HOUR - 1), sendUntilRefused(window, AT + 48 * HOUR)]).toEqual([[5, 'used_up'], [5, 'used_up'], [0, 'over']]);
  });

  it('has two within a minute after entering, on top', () => {
    const window = afterEntering(CLOSED_WINDOW, AT);
    expect([sendUntilRefused(window, AT + 59_999), sendUntilRefused(window, AT + 60_000)]).toEqual([[2, 'used_up'], [0, 'over']]);
    const both = afterWriting(window, AT);
    expect([sendUntilRefused(both, AT), sendUntilRefused(both, AT + 60_000)]).toEqual([[7, 'used_up'], [5, 'used_up']]);
    expect([answersLeft(both, AT), answersLeft(both, AT + 60_000)]).toEqual([{ left: 7, until: AT + 48 * HOUR }, { left: 5, until: AT + 48 * HOUR }]);
  });

  it('begins anew with every message, and a late letter ends nothing early', () => {
    const used = afterAnswering(afterWriting(CLOSED_WINDOW, AT), AT) as ReplyWindow;
    expect(answersLeft(afterWriting(used, AT + 1), AT + 1).left).toBe(5);
    expect(answersLeft(afterWriting(used, AT - HOUR), AT).until).toBe(AT + 48 * HOUR);
  });

  it('gives back what WeChat did not take, and believes it when it denies', () => {
    const window = afterWriting(CLOSED_WINDOW, AT);
    const used = afterAnswering(window, AT) as ReplyWindow;
    expect([afterRefusal(used, 'written', AT), afterRefusal(window, 'written', AT), afterRefusal(used, 'written', AT + 49 * HOUR)]).toEqual([window, window, used]);
    expect([answersLeft(afterDenial(window, 'over'), AT), sendUntilRefused(afterDenial(window, 'used_up'), AT)]).toEqual([{ left: 0, until: undefined }, [0, 'used_up']]);
  });

  it('lets through as many answers as it tells, whatever happened', () => {
    const step = fc.record({ act: fc.constantFrom('write', 'enter', 'answer'), after: fc.integer({ min: 0, max: 50 * HOUR }) });
    fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let [window, at]: [ReplyWindow, number] = [CLOSED_WINDOW, AT];
      for (const { act, after } of steps) {
        at += after;
        const next = act === 'write' ? afterWriting(window, at) : act === 'enter' ? afterEntering(window, at) : afterAnswering(window, at);
        if (typeof next !== 'string') window = next;
        const { left } = answersLeft(window, at);
        expect(left).toBeLessThanOrEqual(7);
        expect(sendUntilRefused(window, at)[0]).toBe(left);
      }
    }));
  });
});
