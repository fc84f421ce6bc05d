import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { metricOf } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';

let platform: Platform;

beforeAll(async () => {
  platform = await Platform.start();
});
afterAll(async () => platform.stop());

describe('a start', () => {
  it('rehearses a question and a run, down to their money, and leaves nothing of them', async () => {
    // PostgreSQL counts rows that were undone, too; it tells them some seconds later, and those of a rehearsal that was repeated as well.
    const written = () => platform.sql<{ relname: string; n_tup_ins: string }>(`SELECT relname, n_tup_ins FROM pg_stat_user_tables WHERE relname IN ('runs', 'charges', 'price_lists', 'transfers') ORDER BY relname`);
    await eventually(written, (tables) => tables.length === 4 && tables.every(({ n_tup_ins }) => BigInt(n_tup_ins) >= 2n), 30_000);
    expect(await platform.sql('SELECT (SELECT count(*) FROM runs) AS runs, (SELECT count(*) FROM charges) AS charges, (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM transfers) AS transfers'))
      .toEqual([{ runs: '0', charges: '0', accounts: '0', transfers: '0' }]);
    expect(await platform.sql('SELECT (SELECT count(*) FROM price_lists) AS price_lists, (SELECT count(*) FROM verdicts) AS verdicts, (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM tenants) AS tenants'))
      .toEqual([{ price_lists: '0', verdicts: '0', users: '0', tenants: '0' }]);
  }, 40_000);

  it('counts no request and no judgement of its rehearsal', async () => {
    const { text } = await platform.api.get('/metrics');
    expect(text).toContain('bailiao_http_requests_total');
    expect(text).not.toMatch(/route="\/v1\/chat\/completions"/);
    expect(await metricOf(platform, 'bailiao_moderation_judgements_total')).toBeUndefined();
  });
});
