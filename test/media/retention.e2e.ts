import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MediaRetention } from '../../src/moderation/media/media-retention.service.js';
import { MediaCallRepository } from '../../src/moderation/media/media.repository.js';
import { PolicyRepository } from '../../src/moderation/policy/policy.repository.js';
import { systemContext } from '../../src/platform/context/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

let bench: LedgerBench;
const calls = new MediaCallRepository();
const [usual, keeper] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  bench = await LedgerBench.open();
  await bench.sql(`INSERT INTO tenants (tenant_id, slug, display_name) VALUES ($1, 'usual', 'u'), ($2, 'keeper', 'k')`, [usual, keeper]);
  await bench.sql(`INSERT INTO moderation_policies (tenant_id, version, body) VALUES ($1, 1, '{"retentionDays": 300}')`, [keeper]);
});
afterAll(async () => bench.close());

async function called(tenantId: string, days: number): Promise<void> {
  const traceId = `${tenantId}-${days}`;
  await bench.database.inTenant(systemContext(tenantId, 'test', 'r'), (tx) => calls.made(tx, traceId, randomUUID()));
  await bench.sql(`UPDATE media_calls SET made_at = clock_timestamp() - $2 * interval '1 day' WHERE trace_id = $1`, [traceId, days]);
}

describe('calls about pictures', () => {
  it('end by each tenant\'s policy', async () => {
    for (const tenantId of [usual, keeper]) for (const days of [0, 182, 184, 299, 301]) await called(tenantId, days);
    const retention = new MediaRetention(bench.database, calls, new PolicyRepository());
    expect(await retention.expire(AbortSignal.timeout(20_000))).toBe(4);
    const left = await bench.sql<{ trace_id: string }>('SELECT trace_id FROM media_calls ORDER BY made_at DESC');
    const daysOf = (tenantId: string): string[] => left.flatMap(({ trace_id }) => (trace_id.startsWith(tenantId) ? [trace_id.slice(tenantId.length + 1)] : []));
    expect([daysOf(usual), daysOf(keeper)]).toEqual([['0', '182'], ['0', '182', '184', '299']]);
    expect(await retention.expire(AbortSignal.timeout(20_000))).toBe(0);
  });

  it('stay where the removal is told to stop', async () => {
    await called(usual, 400);
    expect(await new MediaRetention(bench.database, calls, new PolicyRepository()).expire(AbortSignal.abort())).toBe(0);
    expect(await bench.sql('SELECT 1 FROM media_calls WHERE trace_id = $1', [`${usual}-400`])).toHaveLength(1);
  });
});
