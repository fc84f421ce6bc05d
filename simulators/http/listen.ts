import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that listens, with the port that it got and the way to end it. */
export interface Listening {
  readonly port: number;
  /** Refuses new connections, drops the open ones and resolves when the port is free. */
  readonly close: () => Promise<void>;
}

/**
 * Listens on `host:port` (0 = any free port). Rejects with the system's error when the port is taken.
 *
 * Idle connections are kept for two minutes: a simulator that closes them first would give
 * its clients' connection pools resets that no test asked for.
 */
export async function listen(server: Server, host: string, port: number): Promise<Listening> {
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
