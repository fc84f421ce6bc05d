import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { CheckFailed, type CheckSubject } from '../../src/moderation/checkers/checker.js';
import { OpenAiChecker } from '../../src/moderation/checkers/openai-checker.client.js';
import { systemContext } from '../../src/platform/context/index.js';
import { newId } from '../../src/platform/values/index.js';
import { itIsAChecker, type CheckerBench } from '../kit/checker.conformance.js';
import { upstreamControl } from '../kit/upstream-control.js';

const subject: CheckSubject = { ctx: systemContext(newId(), 'test', 'r'), stage: 'input', thresholds: { default: 0.7 } };
const control = (method: string, path: string, body?: unknown) => upstreamControl({ servers: inject('servers') }, method, path, body);
const script = (moderations: object) => control('PUT', 'script', { moderations });
const checkerOf = (baseUrl = inject('servers').openaiUrl): OpenAiChecker => new OpenAiChecker({ baseUrl, apiKey: 'test', model: 'omni-moderation-latest', connectMs: 1_000 });
const patience = (): AbortSignal => AbortSignal.timeout(10_000);

async function open(): Promise<CheckerBench> {
  const checker = checkerOf();
  const faults = [
    { name: '429', failures: ['busy'], begin: () => script({ status: 429 }) },
    { name: 'no quota', failures: ['quota'], begin: () => script({ error: 'insufficient_quota' }) },
    { name: '500', failures: ['unreachable'], begin: () => script({ status: 500 }) },
    { name: '401', failures: ['credentials'], begin: () => script({ status: 401 }) },
    { name: '400', failures: ['malformed'], begin: () => script({ status: 400 }) },
    { name: 'reset', failures: ['unreachable'], begin: () => script({ reset: 'before-headers' }) },
  ] as const;
  return {
    checker, subject, offence: '违禁', longest: 8_000,
    hang: async () => void (await script({ hang: 'before-headers' })),
    faults: faults.map((fault) => ({ ...fault, begin: async () => void (await fault.begin()) })),
    heal: async () => void (await control('DELETE', 'script')),
    close: () => checker.onApplicationShutdown(),
  };
}

describe('the moderation endpoint as a checker', () => {
  itIsAChecker(open);
});

describe('requests to the moderation endpoint', () => {
  let checker: OpenAiChecker;
  beforeEach(async () => {
    await control('DELETE', 'counters');
    checker = checkerOf();
  });
  afterEach(async () => checker.onApplicationShutdown());
  const inputs = async (): Promise<string[][]> => ((await control('GET', 'counters')).requests as { path: string; body: { input: string[] } }[]).filter(({ path }) => path === '/v1/moderations').map(({ body }) => body.input);

  it('are shared by what comes at about the same time, at most 32 texts and 100,000 characters each', async () => {
    await Promise.all(Array.from({ length: 70 }, (_, n) => checker.check(subject, [`第${n}句`], patience())));
    expect((await inputs()).map((input) => input.length)).toEqual([32, 32, 6]);
    await control('DELETE', 'counters');
    await Promise.all(Array.from({ length: 20 }, () => checker.check(subject, ['好'.repeat(7_999)], patience())));
    for (const input of await inputs()) expect(input.join('').length).toBeLessThanOrEqual(100_000);
    expect((await inputs()).flat()).toHaveLength(20);
  });

  it('judge each by its own thresholds', async () => {
    const strict = { ...subject, thresholds: { default: 0.7 } };
    const lax = { ...subject, thresholds: { default: 0.7, illicit: 1 } };
    const found = await Promise.all([strict, lax].map((each) => checker.check(each, ['违禁'], patience())));
    expect(found.map(({ suggests, label, score }) => [suggests, label, score])).toEqual([['block', 'illicit', 0.98], ['review', 'illicit', 0.98]]);
    expect(await inputs()).toEqual([['违禁', '违禁']]);
  });

  it('end as soon as nobody waits for them', async () => {
    await script({ hang: 'before-headers' });
    try {
      const aborted = control('GET', 'counters?wait=aborted&atLeast=1');
      await expect(checker.check(subject, ['句'], AbortSignal.timeout(50))).rejects.toThrow(/timeout/i);
      expect((await aborted).aborted).toBe(1);
    } finally {
      await control('DELETE', 'script');
    }
  });
});

describe('an endpoint that is not what it should be', () => {
  const answers: { status: number; body: string; headers?: Record<string, string> }[] = [];
  const server = createServer((_, response) => {
    const { status, body, headers } = answers.shift() ?? { status: 500, body: '' };
    response.writeHead(status, headers).end(body);
  });
  beforeEach(async () => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterEach(async () => new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }));
  const scores = (category_scores: unknown): string => JSON.stringify({ model: 'm', results: [{ category_scores }] });

  it.each([
    [{ status: 200, body: '<html>' }], [{ status: 200, body: '{}' }], [{ status: 200, body: JSON.stringify({ results: [] }) }], [{ status: 200, body: scores({}) }], [{ status: 200, body: scores({ hate: 1.5 }) }],
    [{ status: 200, body: scores({ hate: '0.5' }) }], [{ status: 200, body: scores(null) }], [{ status: 200, body: JSON.stringify({ results: [{ category_scores: { hate: 0.1 } }, { category_scores: { hate: 0.1 } }] }) }],
    [{ status: 302, body: '', headers: { location: 'http://127.0.0.1:1/elsewhere' } }], [{ status: 200, body: ' '.repeat(3_000_000) }],
  ])('%# is malformed', async (answer) => {
    answers.push(answer);
    const checker = checkerOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
    await expect(checker.check(subject, ['句'], patience())).rejects.toMatchObject({ failure: 'malformed' });
    await checker.onApplicationShutdown();
  });

  it('that nobody configured covers nobody', async () => {
    const checker = new OpenAiChecker(undefined);
    expect(await checker.covers()).toBe(false);
    await expect(checker.check(subject, ['句'], patience())).rejects.toBeInstanceOf(CheckFailed);
  });
});
