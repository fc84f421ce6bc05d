import { describe, expect, it } from 'vitest';
import { SharedWork } from './shared-work.js';

interface Begun {
  readonly signal: AbortSignal;
  readonly outcome: PromiseWithResolvers<string>;
}

/** Work that the test ends; it hears of an abort as a call to a server would. */
class Desk {
  readonly shared = new SharedWork<string>();
  readonly begun: Begun[] = [];

  ask(signal: AbortSignal = new AbortController().signal, name = 'text'): Promise<string> {
    return this.shared.do(name, signal, (until) => {
      const outcome = Promise.withResolvers<string>();
      until.addEventListener('abort', () => outcome.reject(until.reason));
      this.begun.push({ signal: until, outcome });
      return outcome.promise;
    }).result;
  }
}

const failureOf = async (asked: Promise<unknown>): Promise<string> => asked.then(() => 'none', (error: unknown) => (error as Error).message);

describe('SharedWork', () => {
  it('is done once for all who ask meanwhile, and again for who asks later', async () => {
    const desk = new Desk();
    const asked = [desk.ask(), desk.ask(), desk.ask(undefined, 'another')];
    desk.begun.forEach(({ outcome }, at) => outcome.resolve(`answer ${at}`));
    expect(await Promise.all(asked)).toEqual(['answer 0', 'answer 0', 'answer 1']);
    void desk.ask();
    expect([desk.begun.length, desk.shared.size]).toEqual([3, 1]);
  });

  it('goes on for who has more patience than who began it', async () => {
    const desk = new Desk();
    const first = new AbortController();
    const [impatient, patient] = [desk.ask(first.signal), desk.ask()];
    first.abort(new Error('too slow for me'));
    expect(await failureOf(impatient)).toBe('too slow for me');
    expect(desk.begun[0]?.signal.aborted).toBe(false);
    desk.begun[0]?.outcome.resolve('answer');
    expect(await patient).toBe('answer');
  });

  it('lets who has less patience go by himself', async () => {
    const desk = new Desk();
    const second = new AbortController();
    const [first, joined] = [desk.ask(), desk.ask(second.signal)];
    second.abort(new Error('too slow for me'));
    expect(await failureOf(joined)).toBe('too slow for me');
    desk.begun[0]?.outcome.resolve('answer');
    expect(await first).toBe('answer');
  });

  it('is aborted when the last one has left, with his reason, and who comes then begins anew', async () => {
    const desk = new Desk();
    const leavers = [new AbortController(), new AbortController()];
    const asked = leavers.map(({ signal }) => failureOf(desk.ask(signal)));
    leavers[0]?.abort(new Error('first'));
    await asked[0];
    expect(desk.begun[0]?.signal.aborted).toBe(false);
    leavers[1]?.abort(new Error('last'));
    expect(await Promise.all(asked)).toEqual(['first', 'last']);
    expect((desk.begun[0]?.signal.reason as Error).message).toBe('last');
    const late = desk.ask();
    desk.begun[1]?.outcome.resolve('answer');
    expect([await late, desk.begun.length]).toEqual(['answer', 2]);
  });

  it('fails for all when it fails, and is forgotten', async () => {
    const desk = new Desk();
    const asked = [failureOf(desk.ask()), failureOf(desk.ask())];
    desk.begun[0]?.outcome.reject(new Error('away'));
    expect([await Promise.all(asked), desk.shared.size]).toEqual([['away', 'away'], 0]);
  });

  it('is not begun for who is gone already', async () => {
    const desk = new Desk();
    expect(await failureOf(desk.ask(AbortSignal.abort(new Error('gone'))))).toBe('gone');
    expect([desk.begun.length, desk.shared.size]).toEqual([0, 0]);
  });
});
