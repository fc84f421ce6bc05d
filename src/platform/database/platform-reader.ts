import type { QueryRunner } from 'typeorm';
import type { PlatformContext } from '../context/index.js';
import { makeDataSource } from './data-source.js';
import { openTx, type PlatformTx } from './tenant-tx.js';

/**
 * Reads as the platform's role, on a connection of its own, in one snapshot that sees the same moment in every
 * statement; for work that reads everything and would keep a pooled connection too long. Nothing can be written.
 */
export async function readAsPlatform<T>(url: string, ctx: PlatformContext, statementMs: number, work: (tx: PlatformTx) => Promise<T>): Promise<T> {
  return onOwnConnection(url, statementMs, async (runner) => {
    await runner.startTransaction('REPEATABLE READ');
    await runner.query('SET TRANSACTION READ ONLY');
    return work(openTx(ctx, runner));
  });
}

/** One transaction of a command beside a running platform. */
export async function writeAsPlatform<T>(url: string, ctx: PlatformContext, statementMs: number, work: (tx: PlatformTx) => Promise<T>): Promise<T> {
  return onOwnConnection(url, statementMs, async (runner) => {
    await runner.startTransaction();
    return work(openTx(ctx, runner));
  });
}

async function onOwnConnection<T>(url: string, statementMs: number, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
  const source = makeDataSource(url, 'reader', 1, [], statementMs);
  await source.initialize();
  try {
    const runner = source.createQueryRunner();
    await runner.connect();
    const result = await work(runner);
    await runner.commitTransaction();
    await runner.release();
    return result;
  } finally {
    await source.destroy();
  }
}
