import { describe, expect, it } from 'vitest';
import { VECTOR } from './vector.fixture.js';
import { paySignature, userSignature } from './signing.js';

describe('the signatures of virtual payment', () => {
  it('are those of the vectors', () => {
    const { app_key: appKey, session_key: sessionKey, signData, server_call: call } = VECTOR;
    expect(paySignature(appKey, 'requestVirtualPayment', signData)).toBe(VECTOR.paySig);
    expect(userSignature(sessionKey, signData)).toBe(VECTOR.signature);
    expect(paySignature(appKey, call.path, call.post_body)).toBe(call.pay_sig);
  });

  it('hold for the exact text alone, as characters or as bytes', () => {
    const spaced = VECTOR.signData.replace(',', ', ');
    expect(paySignature(VECTOR.app_key, 'requestVirtualPayment', spaced)).not.toBe(VECTOR.paySig);
    expect(userSignature('k', Buffer.from('{"attach":"百聊"}'))).toBe(userSignature('k', '{"attach":"百聊"}'));
  });
});
