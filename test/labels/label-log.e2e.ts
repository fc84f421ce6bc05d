import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabelLogRepository } from '../../src/chat/labels/label-log.repository.js';
import { systemContext, systemPlatformContext } from '../../src/platform/context/index.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const log = new LabelLogRepository();
const tenantId = randomUUID();
let bench: LedgerBench;

beforeAll(async () => {
  bench = await LedgerBench.open();
});
afterAll(async () => bench.close());

const add = async (days: number): Promise<string> => {
  const id = randomUUID();
  const draft = { id, userId: randomUUID(), conversationId: randomUUID(), messageIds: [randomUUID()], format: 'md', agreementVersion: '1', agreedAt: new Date(), requestId: 'r' } as const;
  await bench.database.inTenant(systemContext(tenantId, 'test', 'test'), (tx) => log.record(tx, draft));
  await bench.sql(`UPDATE label_free_deliveries SET at = clock_timestamp() - $2 * interval '1 day' WHERE id = $1`, [id, days]);
  return id;
};
const remove = (days: number): Promise<number> => bench.database.inPlatform(systemPlatformContext('test', 'test'), (tx) => log.removeOlder(tx, days, 100));

describe('the log of label-free deliveries', () => {
  it('loses what is older than six months, and nothing else', async () => {
    const kept = [await add(0), await add(180), await add(183.5)];
    await add(185);
    await add(1_000);
    expect(await remove(184)).toBe(2);
    expect(await remove(184)).toBe(0);
    expect((await bench.sql<{ id: string }>('SELECT id FROM label_free_deliveries')).map(({ id }) => id).sort()).toEqual([...kept].sort());
  });

  it('lets nothing younger go, whoever asks', async () => {
    await add(182);
    await expect(remove(100)).rejects.toThrow(/183 days/);
  });

  it('is closed to the app but for adding', async () => {
    const ctx = systemContext(tenantId, 'test', 'test');
    await add(400);
    for (const statement of ['DELETE FROM label_free_deliveries', `UPDATE label_free_deliveries SET format = 'txt'`, 'DELETE FROM user_agreements', `UPDATE user_agreements SET version = '2'`]) {
      await expect(bench.database.inTenant(ctx, (tx) => tx.query(statement))).rejects.toThrow(/permission denied/);
    }
  });
});
