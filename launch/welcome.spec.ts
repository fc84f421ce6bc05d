import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFirstAdmin } from './first-admin.js';
import { columns, stepLine } from './steps.js';
import { curlLines, welcomeText } from './welcome.js';

describe('the text at the end of a start', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'welcome-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has lines that a shell runs as they stand', () => {
    // A curl that answers by address and says what it was called with.
    const curl = `#!/bin/sh
for last; do :; done
printf '%s\\n' "$*" >> ${folder}/calls
case "$last" in
  */tryout/code) echo '{"code":"c-1","openid":"o"}';;
  */v1/auth/wechat) echo '{"user":{"id":"u-1"},"access_token":"t-1","refresh_token":"r"}';;
  */v1/conversations) echo '{"id":"k-1","title":null,"user":{"id":"u-1"}}';;
  *) echo "streamed";;
esac
`;
    writeFileSync(join(folder, 'curl'), curl, { mode: 0o755 });
    const output = execFileSync('sh', ['-c', curlLines('http://localhost:3000').join('\n')], { env: { PATH: `${folder}:${process.env['PATH']}` }, encoding: 'utf8' });
    expect(output).toBe('streamed\n');
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
    expect(calls).toHaveLength(4);
    expect(calls[1]).toContain('{"code":"c-1"}');
    expect(calls[3]).toMatch(/-sN .*Bearer t-1.*\/v1\/conversations\/k-1\/messages\?format=sse$/);
  });

  it('shows the password only when there is one to show', () => {
    const facts = { url: 'http://x', dataDir: '/d', demo: true, simulated: ['OpenAI'] as const, admin: undefined };
    expect(welcomeText(facts).join('\n')).not.toContain('password');
    expect(welcomeText({ ...facts, admin: { email: 'a@b', password: 'pw-1', shown: () => undefined } }).join('\n')).toContain('pw-1');
    expect(welcomeText({ ...facts, demo: false }).join('\n')).not.toContain('curl');
  });

  it('keeps a made password until it was shown, and not after', () => {
    const first = openFirstAdmin(folder, {});
    expect(first.made).toBe(true);
    expect(statSync(join(folder, 'first-admin.json')).mode & 0o777).toBe(0o600);
    const again = openFirstAdmin(folder, {});
    expect(again.password).toBe(first.password);
    again.markShown();
    expect(openFirstAdmin(folder, {}).password).toBeUndefined();
    expect(readFileSync(join(folder, 'first-admin.json'), 'utf8')).not.toContain(first.password);
    expect(openFirstAdmin(folder, { BOOTSTRAP_ADMIN_EMAIL: 'me@x', BOOTSTRAP_ADMIN_PASSWORD: 'mine' })).toMatchObject({ email: 'me@x', password: 'mine', made: false });
  });

  it('aligns lines in both scripts', () => {
    expect([columns('abc'), columns('数据库'), columns('数据库 x')]).toEqual([3, 6, 8]);
    const lines = [stepLine('✓', '数据库 PostgreSQL', '18.4', 1234), stepLine('✓', 'x', '一', 5)];
    expect(new Set(lines.map((line) => columns(line.slice(0, line.lastIndexOf('  '))))).size).toBe(1);
    expect(lines[0]).toMatch(/1\.2 s$/);
  });
});
