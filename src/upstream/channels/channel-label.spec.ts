import { describe, expect, it } from 'vitest';
import { channelLabel } from './channel-label.js';

describe('channelLabel', () => {
  it('names the platform\'s channels, and no tenant\'s', () => {
    expect([channelLabel({ name: 'deepseek 1', tenantId: undefined }), channelLabel({ name: 'secret plans', tenantId: 't' }), channelLabel(undefined)]).toEqual(['deepseek 1', 'own', 'gone']);
  });
});
