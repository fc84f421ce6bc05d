import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LaunchError } from './launch-error.js';
import { makeSecrets, openSecrets, parseSecrets } from './secrets.js';

describe('secrets', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes them once, readable by the owner only', () => {
    const { fresh, ...first } = openSecrets(folder);
    const { fresh: later, ...second } = openSecrets(folder);
    expect([fresh, later]).toEqual([true, false]);
    expect(second).toEqual(first);
    expect(statSync(join(folder, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(Buffer.from(first.masterKey, 'base64')).toHaveLength(32);
  });

  it('never makes new ones where data wait for the old ones', () => {
    mkdirSync(join(folder, 'postgres'));
    writeFileSync(join(folder, 'postgres', 'PG_VERSION'), '18\n');
    expect(() => openSecrets(folder)).toThrow(LaunchError);
  });

  it('refuses a damaged file and a short key', () => {
    const whole = makeSecrets();
    expect(parseSecrets(JSON.stringify(whole))).toEqual(whole);
    expect(parseSecrets(JSON.stringify(whole).slice(0, 40))).toBeUndefined();
    expect(parseSecrets(JSON.stringify({ ...whole, masterKey: 'c2hvcnQ=' }))).toBeUndefined();
    expect(parseSecrets(JSON.stringify({ ...whole, jwtSecret: '' }))).toBeUndefined();
    writeFileSync(join(folder, 'secrets.json'), '{');
    expect(() => openSecrets(folder)).toThrow(LaunchError);
  });
});
