import { describe, expect, it } from 'vitest';
import { Pauses } from './pauses.js';

describe('pauses', () => {
  it('are over when their time is', async () => {
    expect(await new Pauses().wait(1)).toBe(true);
  });

  it('end when the simulator does, and no new one begins', async () => {
    const pauses = new Pauses();
    const waiting = pauses.wait(60_000);
    pauses.close();
    expect([await waiting, await pauses.wait(60_000)]).toEqual([false, false]);
  });
});
