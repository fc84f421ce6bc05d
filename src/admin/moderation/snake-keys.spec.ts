import { validateSync } from 'class-validator';
import { plainToInstance } from 'class-transformer';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../moderation/index.js';
import { PatchPolicyDto, PolicyDto } from './policy.dto.js';
import { camelKeys, snakeKeys } from './snake-keys.js';

const { version, ...fields } = DEFAULT_POLICY;

describe('the keys of a policy', () => {
  it('come back as they were, and names of categories stay as they are', () => {
    expect(camelKeys(snakeKeys(fields))).toEqual(fields);
    const thresholds = { self_harm: 0.5, 'sexual/minors': 0.2, S1: 0.1 };
    expect([snakeKeys({ thresholds }), camelKeys({ thresholds })]).toEqual([{ thresholds }, { thresholds }]);
  });

  it('are all known to whoever changes a policy: what is shown may be sent back', () => {
    const { own, updated_at: updatedAt, version: shownVersion, ...shown } = PolicyDto.of({ policy: DEFAULT_POLICY, own: {}, updatedAt: undefined });
    expect([own, updatedAt, shownVersion]).toEqual([{}, null, version]);
    const sent = plainToInstance(PatchPolicyDto, { ...shown, version: 3 });
    expect(validateSync(sent, { whitelist: true, forbidNonWhitelisted: true })).toEqual([]);
    expect(PatchPolicyDto.toChange(sent)).toEqual(fields);
  });
});
