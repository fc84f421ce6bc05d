import { afterAll, beforeAll, expect, it } from 'vitest';
import { GateBench, terms } from '../kit/gate-bench.js';

let gate: GateBench;

beforeAll(async () => {
  gate = await GateBench.open();
});
afterAll(async () => gate.close());

it('a run that lost its probe of a channel, and is answered by another, keeps nobody from probing', async () => {
  const [sick, well] = [terms('chan-a'), terms('chan-b')];
  for (let n = 0; n < 3; n += 1) {
    const entered = await gate.enter({ runId: `f${n}` }, [sick]);
    if (entered.kind === 'admitted') await gate.settle(`f${n}`, entered.lease, sick, { release: 'run', verdict: 'badly' });
  }
  await gate.pass(5_001);
  expect(await gate.gate.again('r', [sick], 10)).toMatchObject({ probe: true });
  expect(await gate.gate.again('s', [sick], 10)).toBe(250);
  await gate.pass(15_001);
  expect(await gate.gate.again('r', [well], 10)).toBeTypeOf('object');
  expect(await gate.gate.again('s', [sick], 10)).toMatchObject({ probe: true });
});
