import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LaunchError } from './launch-error.js';
import { startPostgres } from './postgres.js';
import { isRunning } from './running.js';
import type { RunningServer } from './server-process.js';

/** Starts the real server: about half a second. */
describe('embedded PostgreSQL', () => {
  let folder: string;
  const password = 'ab'.repeat(12);
  const start = (): Promise<RunningServer> => startPostgres({ dataDir: folder, password, durable: false });
  const ask = async (url: string, sql: string): Promise<unknown[]> => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows.map((row) => Object.values(row)[0]);
    } finally {
      await client.end();
    }
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'postgres-'));
    mkdirSync(join(folder, 'logs'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('speaks UTF-8 with Chinese trigrams on loopback only, and keeps its data and port', async () => {
    const first = await start();
    try {
      expect(await ask(first.url, 'SHOW server_encoding')).toEqual(['UTF8']);
      expect(await ask(first.url, 'SHOW listen_addresses')).toEqual(['127.0.0.1']);
      await ask(first.url, 'CREATE EXTENSION pg_trgm');
      expect(await ask(first.url, "SELECT similarity('百聊小程序', '百聊小程序') = 1")).toEqual([true]);
      await ask(first.url, "CREATE TABLE kept AS SELECT '你好' AS word");
      await expect(ask(first.url.replace(password, 'wrong'), 'SELECT 1')).rejects.toThrow(/password/);
    } finally {
      await first.stop();
    }
    expect(isRunning(first.pid)).toBe(false);
    const second = await start();
    try {
      expect(second.port).toBe(first.port);
      expect(await ask(second.url, 'SELECT word FROM kept')).toEqual(['你好']);
    } finally {
      await second.stop();
    }
  });

  it('stops a left-over server of the folder and starts anew', async () => {
    const leftOver = await start();
    const next = await start();
    try {
      await leftOver.ended;
      expect(next.pid).not.toBe(leftOver.pid);
      expect(await ask(next.url, 'SELECT 1')).toEqual([1]);
    } finally {
      await next.stop();
    }
  });

  it('is not kept from starting by a pid file that names another program', async () => {
    writeFileSync(join(folder, 'postgres', 'postmaster.pid'), `${process.pid}\n${join(folder, 'postgres')}\n`);
    const server = await start();
    await server.stop();
    expect(isRunning(server.pid)).toBe(false);
  });

  it('says so when the data are of another version', async () => {
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '16\n');
    await expect(start()).rejects.toThrow(LaunchError);
    await expect(start()).rejects.toThrow(/PostgreSQL 16/);
  });
});
