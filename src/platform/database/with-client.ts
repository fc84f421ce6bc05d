import type { Pool, PoolClient } from 'pg';

/**
 * Lends a connection of the pool to `work`. While it is out the pool does not listen to it, and an error event that nobody
 * hears ends the process: a connection that breaks only fails what is asked of it. One that `work` failed on is not used again.
 * Errors: those of `work`, else the driver's.
 */
export async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const heard = (): void => undefined;
  client.on('error', heard);
  let failed = true;
  try {
    const result = await work(client);
    failed = false;
    return result;
  } finally {
    client.off('error', heard);
    client.release(failed);
  }
}
