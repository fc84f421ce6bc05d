import { describe, expect, it } from 'vitest';
import { systemContext } from '../../platform/context/index.js';
import type { Database, TenantTx } from '../../platform/database/index.js';
import type { ApiKeyRepository } from '../api-keys/api-key.repository.js';
import type { SessionRepository } from '../sessions/session.repository.js';
import type { User } from './user.js';
import type { UserRepository } from './user.repository.js';
import { UserService } from './user.service.js';

const removeAllOf = async (): Promise<void> => undefined;

function serviceWith(users: Map<string, Partial<User>>): { readonly service: UserService; readonly reads: () => number } {
  let reads = 0;
  const database = { readTenant: (ctx: unknown, work: (tx: unknown) => unknown) => work({ ctx }) } as unknown as Database;
  const repository = {
    byId: async (tx: TenantTx, id: string) => {
      reads += 1;
      return users.get(`${tx.ctx.tenantId}:${id}`);
    },
    pseudonymise: async (tx: TenantTx, id: string, openid: string) => void users.set(`${tx.ctx.tenantId}:${id}`, { openid, standing: 'deleted' }),
  } as unknown as UserRepository;
  return { service: new UserService(database, repository, { removeAllOf } as unknown as SessionRepository, { removeAllOf } as unknown as ApiKeyRepository), reads: () => reads };
}

describe('UserService.openidOf', () => {
  const ctx = systemContext('t1', 'test', 'r');

  it('reads once, and keeps tenants apart', async () => {
    const { service, reads } = serviceWith(new Map([['t1:u', { openid: 'o-1', standing: 'active' }], ['t2:u', { openid: 'o-2', standing: 'banned' }]]));
    expect([await service.openidOf(ctx, 'u'), await service.openidOf(ctx, 'u'), await service.openidOf(systemContext('t2', 'test', 'r'), 'u')]).toEqual(['o-1', 'o-1', 'o-2']);
    expect(reads()).toBe(2);
  });

  it('tells of nobody and of the deleted, also once they are deleted, nothing', async () => {
    const { service } = serviceWith(new Map([['t1:u', { openid: 'o-1', standing: 'active' }]]));
    expect([await service.openidOf(ctx, 'nobody'), await service.openidOf(ctx, 'u')]).toEqual([undefined, 'o-1']);
    await service.erase({ ctx } as TenantTx, 'u');
    expect(await service.openidOf(ctx, 'u')).toBeUndefined();
  });
});
