import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { NameLookup } from './name-lookup.service.js';
import type { Tenant, TenantName } from './tenant.js';
import type { TenantRepository } from './tenant.repository.js';

const acme = { id: '1', slug: 'acme', appId: 'wx1', domains: ['acme.test', 'acme.example'] } as unknown as Tenant;
const slug = (value: string): TenantName => ({ kind: 'slug', value });

let queries: (readonly TenantName[])[];
let gate: PromiseWithResolvers<undefined>;
let lookup: NameLookup;

beforeEach(() => {
  queries = [];
  gate = Promise.withResolvers();
  const repository = {
    byNames: async (_: unknown, names: readonly TenantName[]) => {
      queries.push(names);
      await gate.promise;
      return [acme];
    },
  };
  const database = { readPlatform: (_: unknown, work: (tx: unknown) => unknown) => work(undefined) };
  lookup = new NameLookup(database as unknown as Database, repository as unknown as TenantRepository);
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('NameLookup', () => {
  it('finds a tenant by each of its names, and nobody by others', async () => {
    gate.resolve(undefined);
    const names: TenantName[] = [slug('acme'), { kind: 'host', value: 'acme.example' }, { kind: 'appId', value: 'wx1' }, { kind: 'host', value: 'acme' }, slug('wx1')];
    expect(await Promise.all(names.map((name) => lookup.find(name)))).toEqual([acme, acme, acme, undefined, undefined]);
    expect(queries).toHaveLength(1);
  });

  it('makes one query at a time, however many made-up names are asked for', async () => {
    const first = lookup.find(slug('first'));
    await turn();
    const flood = Array.from({ length: 1_200 }, (_, at) => lookup.find(slug(`made-up-${at}`)));
    const real = lookup.find(slug('acme'));
    const again = lookup.find(slug('acme'));
    await turn();
    expect(queries.map((names) => names.length)).toEqual([1]);
    gate.resolve(undefined);
    expect(await first).toBeUndefined();
    expect((await Promise.all(flood)).filter((tenant) => tenant !== undefined)).toEqual([]);
    expect([await real, await again]).toEqual([acme, acme]);
    expect(queries.map((names) => names.length)).toEqual([1, 500, 500, 201]);
  });

  it('refuses what is beyond its bound, and serves again afterwards', async () => {
    const waiting = Array.from({ length: 5_000 }, (_, at) => lookup.find(slug(`made-up-${at}`)));
    await expect(lookup.find(slug('one-more'))).rejects.toThrow(DomainError);
    gate.resolve(undefined);
    await Promise.all(waiting);
    expect(await lookup.find(slug('acme'))).toBe(acme);
  });

  it('tells a failure to those who asked, and asks again for the next', async () => {
    const early = lookup.find(slug('acme'));
    await turn();
    gate.reject(new Error('the database is away'));
    await expect(early).rejects.toThrow('away');
    gate = Promise.withResolvers();
    gate.resolve(undefined);
    expect(await lookup.find(slug('acme'))).toBe(acme);
  });
});
