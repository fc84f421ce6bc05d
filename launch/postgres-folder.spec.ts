import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pickAccount } from './account.js';
import { inspectFolder } from './postgres-folder.js';
import { parsePostgresVersion } from './postgres-program.js';
import { parsePostmasterPid } from './postmaster-pid.js';

describe('the PostgreSQL folder', () => {
  let folder: string;
  const put = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is absent when missing or empty', () => {
    expect(inspectFolder(join(folder, 'none')).kind).toBe('absent');
    expect(inspectFolder(folder).kind).toBe('absent');
  });

  it('is whole with a version and a control file', () => {
    put('PG_VERSION', '18\n');
    put('global/pg_control', 'x');
    expect(inspectFolder(folder)).toEqual({ kind: 'whole', major: '18' });
  });

  it('is a leftover when initdb was cut off before any table', () => {
    put('PG_VERSION', '18\n');
    put('base/1/PG_VERSION', '18\n');
    expect(inspectFolder(folder).kind).toBe('leftover');
  });

  it('is damaged when it may hold data but is not whole', () => {
    put('base/1/PG_VERSION', '18\n');
    put('base/1/1259', 'table');
    expect(inspectFolder(folder)).toEqual({ kind: 'damaged', missing: 'PG_VERSION' });
    put('PG_VERSION', '18\n');
    expect(inspectFolder(folder)).toEqual({ kind: 'damaged', missing: 'global/pg_control' });
  });
});

describe('what PostgreSQL says of itself', () => {
  it('reads postmaster.pid, also while it grows', () => {
    const whole = '4711\n/srv/data/postgres\n1763650000\n15432\n\n127.0.0.1\n  5432001 7\nready   \n';
    expect(parsePostmasterPid(whole)).toEqual({ pid: 4711, folder: '/srv/data/postgres', port: 15432, status: 'ready' });
    expect(parsePostmasterPid('4711\n/srv/data/postgres\n')).toEqual({ pid: 4711, folder: '/srv/data/postgres', port: undefined, status: 'unknown' });
    expect(parsePostmasterPid('')).toBeUndefined();
    expect(parsePostmasterPid('garbage')).toBeUndefined();
  });

  it('reads its version', () => {
    expect(parsePostgresVersion('postgres (PostgreSQL) 18.4\n')).toBe('18.4');
    expect(parsePostgresVersion('postgres: error')).toBeUndefined();
  });
});

describe('the account for root', () => {
  it('prefers an existing postgres account, then nobody, then the overflow id', () => {
    const nobody = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false';
    expect(pickAccount(`${nobody}\npostgres:x:101:104::/:/bin/sh`)).toEqual({ uid: 101, gid: 104 });
    expect(pickAccount(nobody)).toEqual({ uid: 65_534, gid: 65_533 });
    expect(pickAccount('postgres:x:0:0::/:/bin/sh')).toEqual({ uid: 65_534, gid: 65_534 });
  });
});
