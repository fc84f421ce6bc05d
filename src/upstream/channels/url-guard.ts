import { DomainError } from '../../platform/errors/index.js';
import type { OutboundGuard, UrlFault } from '../../platform/network/index.js';

const TEXT: Readonly<Record<UrlFault, string>> = {
  malformed: 'must be a URL such as https://api.example.com/v1',
  scheme: 'must start with https:// (or http:// for a host on UPSTREAM_PRIVATE_ALLOWLIST)',
  credentials: 'must not hold a user name or a password',
  query: 'must have no ? and no #',
  insecure: 'must start with https://: http is for hosts on UPSTREAM_PRIVATE_ALLOWLIST only',
  unresolved: 'leads to no address: the host name is not known',
  forbidden: 'leads to a private, local or reserved address, which must be on UPSTREAM_PRIVATE_ALLOWLIST (该地址指向内网或保留地址)',
};

/**
 * Checks an address that a person entered for a channel.
 * @throws DomainError `invalid_request` that names the field.
 */
export async function checkUrl(guard: OutboundGuard, param: string, url: string): Promise<void> {
  const fault = await guard.faultOf(url);
  if (fault !== undefined) throw new DomainError('invalid_request', { param, message: `${param} ${TEXT[fault]}` });
}
