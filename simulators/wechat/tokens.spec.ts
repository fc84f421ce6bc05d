import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from './simulator.fixture.js';

const MINUTE = 60_000;
let bench: Bench;

beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

/** The refusal of a call with this token; 44002 (an empty text) = the token was good. */
async function errcodeOf(token: string): Promise<number> {
  return (await bench.call('/wxa/msg_sec_check', {}, token)).errcode as number;
}

async function plain(): Promise<{ access_token: string; expires_in: number; errcode?: number }> {
  const response = await fetch(`${bench.url}/cgi-bin/token?grant_type=client_credential&appid=wx1&secret=s`);
  return (await response.json()) as { access_token: string; expires_in: number };
}

describe('access tokens', () => {
  it('are made anew by /cgi-bin/token, and the one before lives five minutes more', async () => {
    const first = await plain();
    const second = await plain();
    expect(first.expires_in).toBe(7200);
    expect(second.access_token).not.toBe(first.access_token);
    expect([await errcodeOf(first.access_token), await errcodeOf(second.access_token)]).toEqual([44002, 44002]);
    await bench.control('PUT', 'clock', { advanceMs: 5 * MINUTE });
    expect([await errcodeOf(first.access_token), await errcodeOf(second.access_token)]).toEqual([40001, 44002]);
  });

  it('of the two endpoints know nothing of each other', async () => {
    const stable = await bench.freshToken();
    const { access_token: other } = await plain();
    await bench.call('/cgi-bin/stable_token', { grant_type: 'client_credential', appid: 'wx1', secret: 's', force_refresh: true });
    expect([await errcodeOf(stable), await errcodeOf(other)]).toEqual([40001, 44002]);
    await plain();
    expect(await errcodeOf(await bench.freshToken())).toBe(44002);
  });

  it('are refused when missing, made up or expired', async () => {
    const token = await bench.freshToken();
    expect([await errcodeOf(''), await errcodeOf('made-up')]).toEqual([41001, 40014]);
    await bench.control('PUT', 'clock', { advanceMs: 120 * MINUTE });
    expect(await errcodeOf(token)).toBe(42001);
  });

  it('end at once when a test revokes them, as it asks, and the next call makes a good one', async () => {
    await bench.freshToken();
    const { access_token: other } = await plain();
    expect(await bench.control('DELETE', 'tokens?appid=wx1')).toEqual({ revoked: 2 });
    expect(await errcodeOf(other)).toBe(40001);
    const next = await bench.freshToken();
    expect(await errcodeOf(next)).toBe(44002);
    await bench.control('DELETE', 'tokens?appid=wx1&as=42001');
    expect(await errcodeOf(next)).toBe(42001);
    expect(await bench.control('DELETE', 'tokens?appid=wx1&as=1')).toHaveProperty('error');
  });

  it('run out for a day', async () => {
    await bench.control('PUT', 'limits', { path: '/cgi-bin/token', appid: 'wx1', perDay: 2 });
    await plain();
    await plain();
    expect((await plain()).errcode).toBe(45009);
  });
});
