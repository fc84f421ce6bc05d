import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { GatheringRedis } from './gathering-redis.js';
import { commandOptions } from './redis.js';

/** Answers PONG to each PING in what it reads, as long as it is asked to. */
class PongServer {
  readonly reads: string[] = [];
  silent = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<PongServer> {
    const server = createServer();
    const pongs = new PongServer(server);
    server.on('connection', (socket) => {
      pongs.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('data', (bytes) => {
        const text = bytes.toString();
        pongs.reads.push(text);
        // The handshake asks for other things; any answer will do.
        if (!pongs.silent) socket.write('+PONG\r\n'.repeat((text.match(/^\*\d+\r?$/gm) ?? []).length));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return pongs;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describe('GatheringRedis', () => {
  let server: PongServer | undefined;
  let redis: GatheringRedis | undefined;

  afterEach(async () => {
    redis?.disconnect();
    await server?.stop();
  });

  async function connected(): Promise<{ readonly server: PongServer; readonly redis: GatheringRedis }> {
    const pongs = (server = await PongServer.start());
    const connection = (redis = new GatheringRedis({ ...commandOptions(), host: '127.0.0.1', port: pongs.port, enableReadyCheck: false, protocol: 2 }));
    connection.on('error', () => undefined);
    await connection.connect();
    await connection.ping();
    pongs.reads.length = 0;
    return { server: pongs, redis: connection };
  }

  it('sends the commands of one turn together, and each gets its answer', async () => {
    const { server, redis } = await connected();
    const answers = await Promise.all(Array.from({ length: 50 }, () => redis.ping()));
    expect(answers).toEqual(Array.from({ length: 50 }, () => 'PONG'));
    expect(server.reads).toHaveLength(1);
  });

  it('gives up each command within its own time-out, however many wait before it', async () => {
    const { server, redis } = await connected();
    server.silent = true;
    const first = redis.ping().catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    const begun = performance.now();
    const second = redis.ping().catch((error: unknown) => error);
    expect(await first).toBeInstanceOf(Error);
    expect(await second).toBeInstanceOf(Error);
    // Behind the first one's pipeline it would be twice the time-out.
    expect(performance.now() - begun).toBeLessThan(2 * commandOptions().commandTimeout!);
  }, 10_000);
});
