import { describe, expect, it } from 'vitest';
import { type CpuProfile, readProfile } from './cpu-profile.js';

const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 9, columnNumber: 0 });
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)', ''), children: [2, 6] },
    { id: 2, callFrame: frame('ours', 'file:///p/dist/src/chat/run.js'), children: [3] },
    { id: 3, callFrame: frame('send', 'file:///p/node_modules/ioredis/a.js'), children: [4] },
    { id: 4, callFrame: frame('write', 'node:net'), children: [5] },
    { id: 5, callFrame: frame('writev', '') },
    { id: 6, callFrame: frame('(idle)', '') },
  ],
  startTime: 1_000,
  samples: [2, 5, 6, 4],
  timeDeltas: [0, 100, 50, 500],
};

describe('readProfile', () => {
  const reading = readProfile(PROFILE, { from: 0, to: 10_000 }, '/p');

  it('leaves idle time out', () => {
    expect(reading.busyMicros).toBe(150);
  });

  it('charges native time to the package that called, and to our function above it', () => {
    expect(reading.byCaller).toEqual([{ name: 'src/chat', micros: 100 }, { name: 'npm ioredis', micros: 50 }]);
    expect(reading.byFunction[1]?.name).toBe('writev ← send  ioredis/a.js:10');
    expect(reading.byOwner).toEqual([{ name: 'ours  src/chat/run.ts:10', micros: 150 }]);
  });

  it('takes only samples of the span', () => {
    expect(readProfile(PROFILE, { from: 1_050, to: 1_120 }, '/p').busyMicros).toBe(50);
  });
});
