import { describe, expect, it } from 'vitest';
import { Stage } from './stage.js';

describe('Stage', () => {
  it('holds its players while they play, and nobody else', async () => {
    const stage = new Stage();
    const seen = await stage.play((players) => Promise.resolve({ players, held: stage.holds(players.tenantId), other: stage.holds(players.userId), nobody: stage.holds(undefined) }));
    expect([seen.held, seen.other, seen.nobody, stage.holds(seen.players.tenantId), stage.holds(undefined)]).toEqual([true, false, false, false, false]);
  });

  it('takes others each time, and lets them go when the play fails', async () => {
    const stage = new Stage();
    const tenants: string[] = [];
    await expect(stage.play(({ tenantId }) => { tenants.push(tenantId); return Promise.reject(new Error('fell')); })).rejects.toThrow('fell');
    await stage.play(({ tenantId }) => Promise.resolve(tenants.push(tenantId)));
    expect([new Set(tenants).size, tenants.some((tenant) => stage.holds(tenant))]).toEqual([2, false]);
  });

  it('undoes what is written for its players also when they have gone', async () => {
    const stage = new Stage();
    const { tenantId, during } = await stage.play((players) => Promise.resolve({ tenantId: players.tenantId, during: stage.undoes(players.tenantId) }));
    expect([during, stage.undoes(tenantId), stage.undoes('another')]).toEqual([true, true, false]);
  });

  it('is for one play at a time', async () => {
    const stage = new Stage();
    await expect(stage.play(() => stage.play(() => Promise.resolve()))).rejects.toThrow('going on already');
  });
});
