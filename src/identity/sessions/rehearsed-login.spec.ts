import { describe, expect, it } from 'vitest';
import { Stage, type Players } from '../../platform/rehearsal/index.js';
import { RehearsedLogin } from './rehearsed-login.service.js';
import type { SessionService } from './session.service.js';

describe('RehearsedLogin', () => {
  it('logs in who plays now, and nobody else', async () => {
    const stage = new Stage();
    const login = new RehearsedLogin(stage, { rehearsed: async ({ userId }: Players) => Promise.resolve(`token of ${userId}`) } as unknown as SessionService);
    const players = await stage.play(async (playing) => {
      expect(await login.accessToken(playing)).toBe(`token of ${playing.userId}`);
      await expect(login.accessToken({ ...playing, tenantId: 'another' })).rejects.toThrow('only who plays');
      return playing;
    });
    await expect(login.accessToken(players)).rejects.toThrow('only who plays');
  });
});
