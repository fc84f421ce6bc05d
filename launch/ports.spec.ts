import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anyFreePort, probePort, readPorts, rememberedPort } from './ports.js';

describe('ports', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ports-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('keeps the port of a data folder over starts', async () => {
    const preferred = await anyFreePort();
    const first = await rememberedPort(folder, 'postgres', preferred);
    const again = await rememberedPort(folder, 'postgres', preferred + 1000);
    expect(again).toBe(first);
    expect(readPorts(folder)).toEqual({ postgres: first });
  });

  it('passes over a port in use, and one that another server of the folder has', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    try {
      expect(await probePort(port, '127.0.0.1')).toBe('in-use');
      const postgres = await rememberedPort(folder, 'postgres', port);
      const redis = await rememberedPort(folder, 'redis', port);
      expect(new Set([port, postgres, redis]).size).toBe(3);
    } finally {
      holder.close();
    }
  });

  it('takes a damaged book for an empty one', () => {
    writeFileSync(join(folder, 'ports.json'), '{"postgres": 15432, "redis": "x", "bad": 70000');
    expect(readPorts(folder)).toEqual({});
    writeFileSync(join(folder, 'ports.json'), '{"postgres": 15432, "redis": "x", "bad": 70000}');
    expect(readPorts(folder)).toEqual({ postgres: 15432 });
  });
});
