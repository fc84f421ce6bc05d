import { randomBytes } from 'node:crypto';
import { ApiError } from './api-error.js';
import { beijingTime } from './clock.js';
import { encrypt } from './signing.js';
import { fault } from './fields.js';
import type { Merchant } from './merchants.js';
import type { PayState } from './pay-state.js';

const ALGORITHMS = ['RSA', 'SM2', 'ALL'];

/** `GET /v3/certificates`: the platform certificate, encrypted; merchants that have the public key have none. Throws {@link ApiError}. */
export function listCertificates({ keys }: PayState, merchant: Merchant, query: URLSearchParams): Record<string, unknown> {
  const algorithm = query.get('algorithm_type') ?? 'RSA';
  if (!ALGORITHMS.includes(algorithm)) throw fault('algorithm_type', algorithm, `应为 ${ALGORITHMS.join('、')} 之一`, undefined, 'query');
  if (merchant.mode === 'public_key' || algorithm === 'SM2') throw new ApiError('RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥');
  const nonce = randomBytes(6).toString('hex');
  const aad = 'certificate';
  return {
    data: [
      {
        serial_no: keys.certificateSerial,
        effective_time: beijingTime(keys.validFrom),
        expire_time: beijingTime(keys.validUntil),
        encrypt_certificate: { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: aad, ciphertext: encrypt(merchant.api_v3_key, nonce, aad, keys.certificatePem) },
      },
    ],
  };
}
