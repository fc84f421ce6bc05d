import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemPlatformContext } from '../../src/platform/context/index.js';
import { Sealer } from '../../src/platform/crypto/index.js';
import type { Bus } from '../../src/platform/redis/index.js';
import { CredentialEntity } from '../../src/tenants/credentials/credential.entity.js';
import { CredentialRepository } from '../../src/tenants/credentials/credential.repository.js';
import { CredentialService } from '../../src/tenants/credentials/credential.service.js';
import type { CredentialField } from '../../src/tenants/credentials/credential.js';
import type { TenantService } from '../../src/tenants/tenant/tenant.service.js';
import { TenantApps } from '../../src/tenants/wechat/tenant-apps.service.js';
import { TenantPush } from '../../src/tenants/wechat/tenant-push.service.js';
import { encrypt } from '../../src/wechat/push/encrypt.js';
import { signatureOf } from '../../src/wechat/push/signature.js';
import { LedgerBench } from '../kit/ledger-bench.js';

const KEYS = { token: 'PushToken', aesKey: 'Q7m2xTz9KfLw4VbN8sHc1RyPgJ6dUeAo3ZiXt5WkM0C' };
const [mine, theirs] = [randomUUID(), randomUUID()];
const appIdOf = (tenantId: string): string => `wx-${tenantId.slice(0, 8)}`;
let bench: LedgerBench;
let credentials: CredentialService;
let apps: TenantApps;
let push: TenantPush;

const set = (tenantId: string, field: CredentialField, plain: string | null) => bench.database.inPlatform(systemPlatformContext('test', 'test'), (tx) => credentials.set(tx, tenantId, field, plain));

/** A letter as WeChat sends it now. */
function letterTo(tenantId: string): { query: Record<string, string>; body: Buffer } {
  const [timestamp, nonce] = [String(Math.floor(Date.now() / 1000)), '12345'];
  const plain = JSON.stringify({ ToUserName: 'gh_1', FromUserName: 'o-1', CreateTime: 1, MsgType: 'text', Content: '人工', MsgId: 5 });
  const Encrypt = encrypt(KEYS.aesKey, appIdOf(tenantId), Buffer.from(plain));
  const signed = { signature: signatureOf([KEYS.token, timestamp, nonce]), msg_signature: signatureOf([KEYS.token, timestamp, nonce, Encrypt]) };
  return { query: { ...signed, timestamp, nonce, encrypt_type: 'aes' }, body: Buffer.from(JSON.stringify({ ToUserName: 'gh_1', Encrypt })) };
}

beforeAll(async () => {
  bench = await LedgerBench.open([CredentialEntity]);
  for (const tenantId of [mine, theirs]) await bench.sql('INSERT INTO tenants (tenant_id, slug, display_name, app_id) VALUES ($1, $2, $2, $3)', [tenantId, `p-${tenantId.slice(0, 8)}`, appIdOf(tenantId)]);
  credentials = new CredentialService(bench.database, new CredentialRepository(), new Sealer({ current: 1, byVersion: new Map([[1, randomBytes(32)]]) }));
  apps = new TenantApps({ byId: async (id: string) => ({ appId: appIdOf(id) }) } as unknown as TenantService, credentials, { live: false } as Bus);
  push = new TenantPush(apps);
});
afterAll(async () => bench.close());

describe("a tenant's message push", () => {
  it('is not there until its token is set', async () => {
    const { query, body } = letterTo(mine);
    await expect(push.openLetter(mine, query, body)).rejects.toMatchObject({ code: 'not_found' });
    await expect(push.answerUrlCheck(mine, { ...query, echostr: '1' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('verifies, opens and answers with what is sealed for this tenant', async () => {
    for (const tenantId of [mine, theirs]) {
      await set(tenantId, 'push_token', KEYS.token);
      await set(tenantId, 'push_aes_key', KEYS.aesKey);
    }
    const { query, body } = letterTo(mine);
    expect(await push.answerUrlCheck(mine, { ...query, echostr: '437' })).toBe('437');
    const letter = await push.openLetter(mine, query, body);
    expect(letter).toMatchObject({ mode: 'secure', message: { kind: 'user_message', key: 'message:5', openid: 'o-1', content: { type: 'text', text: '人工' } } });
    expect(JSON.parse((await push.transferToPerson(mine, letter)).body)).toMatchObject({ Encrypt: expect.any(String), MsgSignature: expect.stringMatching(/^[0-9a-f]{40}$/) });
    // Another tenant's letter, though both have the same keys.
    await expect(push.openLetter(theirs, query, body)).rejects.toMatchObject({ name: 'PushRefused', fault: 'decrypt' });
  });

  it('and the credentials of the app come together, and a moved seal does not open', async () => {
    await set(mine, 'app_secret', 'the-secret');
    expect(await apps.of(mine)).toEqual({ tenantId: mine, appId: appIdOf(mine), appSecret: 'the-secret', push: { appId: appIdOf(mine), ...KEYS } });
    await set(mine, 'push_aes_key', null);
    expect((await apps.of(mine))?.push).toMatchObject({ token: KEYS.token, aesKey: undefined });
    await bench.sql(`UPDATE tenant_credentials SET sealed = (SELECT sealed FROM tenant_credentials WHERE tenant_id = $1 AND field = 'push_token') WHERE tenant_id = $2 AND field = 'push_token'`, [theirs, mine]);
    await expect(apps.of(mine)).rejects.toThrow();
  });
});
