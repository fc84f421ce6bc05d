import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What stands in the way of listening on a port. */
export type PortState = 'free' | 'in-use' | 'forbidden';

/** Tries to listen and lets go again. `host` absent means all addresses, as the app listens. */
export async function probePort(port: number, host?: string): Promise<PortState> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve('in-use');
      else if (error.code === 'EACCES' || error.code === 'EPERM') resolve('forbidden');
      else reject(error);
    });
    server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => server.close(() => resolve('free')));
  });
}

/** A port on loopback that was free a moment ago, chosen by the kernel. */
export async function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
    });
  });
}

/**
 * A loopback port for the named server: the one it had last time in this data
 * folder, else the first free one from `preferred` on, remembered in
 * `ports.json`. Well-known ports are avoided by the callers' choice, so that a
 * server of the system is never mistaken for ours.
 */
export async function rememberedPort(dataDir: string, name: string, preferred: number): Promise<number> {
  const book = readPorts(dataDir);
  const former = book[name];
  const candidates = [...(former === undefined ? [] : [former]), ...Array.from({ length: 50 }, (_, offset) => preferred + offset)];
  const taken = new Set(Object.entries(book).filter(([other]) => other !== name).map(([, port]) => port));
  for (const port of candidates) {
    if (!taken.has(port) && (await probePort(port, '127.0.0.1')) === 'free') return remember(dataDir, { ...book, [name]: port }, port);
  }
  const port = await anyFreePort();
  return remember(dataDir, { ...book, [name]: port }, port);
}

/** The remembered ports; a missing or damaged book is an empty one, since it can be made again. */
export function readPorts(dataDir: string): Record<string, number> {
  try {
    const book: unknown = JSON.parse(readFileSync(join(dataDir, 'ports.json'), 'utf8'));
    if (typeof book !== 'object' || book === null) return {};
    return Object.fromEntries(Object.entries(book).filter((entry): entry is [string, number] => isPort(entry[1])));
  } catch {
    return {};
  }
}

/** Whether the value is a port that can be listened on. */
export function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}

function remember(dataDir: string, book: Record<string, number>, port: number): number {
  const path = join(dataDir, 'ports.json');
  writeFileSync(`${path}.part`, `${JSON.stringify(book, undefined, 2)}\n`);
  renameSync(`${path}.part`, path);
  return port;
}
