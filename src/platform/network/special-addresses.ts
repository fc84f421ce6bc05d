import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * IPv4 ranges that are nobody's public server: the special-purpose registry of RFC 6890 with its later entries
 * (https://www.iana.org/assignments/iana-ipv4-special-registry), multicast, class E. The metadata services of the
 * clouds lie in 169.254.0.0/16, 100.64.0.0/10 (Alibaba) and 192.0.0.0/24 (Oracle); Azure's is the last line.
 */
const SPECIAL_V4 = [
  '0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24',
  '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
  '168.63.129.16/32',
] as const;

/** Parts of 2000::/3 that are no public server either: IETF protocol assignments with Teredo, documentation. 6to4 is looked into. */
const SPECIAL_V6 = ['2001::/23', '2001:db8::/32', '3fff::/20'] as const;

/** Where an IPv6 address may hold an IPv4 one that a gateway sends it on to: NAT64 (RFC 6052), 6to4 (RFC 3056). */
const EMBEDS_V4 = [
  { bits: 96, wrap: (high: string, low: string) => `64:ff9b::${high}:${low}` },
  { bits: 16, wrap: (high: string, low: string) => `2002:${high}:${low}::` },
] as const;

const special = new BlockList();
const unicast = new BlockList();
unicast.addSubnet('2000::', 3, 'ipv6');
unicast.addSubnet('64:ff9b::', 96, 'ipv6');
for (const range of [...SPECIAL_V4, ...SPECIAL_V6]) addRange(special, range);
for (const range of SPECIAL_V4) {
  const [address = '', length = ''] = range.split('/');
  const bytes = address.split('.').map((part) => parseInt(part, 10).toString(16).padStart(2, '0'));
  for (const { bits, wrap } of EMBEDS_V4) special.addSubnet(wrap(bytes.slice(0, 2).join(''), bytes.slice(2).join('')), bits + parseInt(length, 10), 'ipv6');
}

/** Whether an address, as a resolver gives it, is that of a server on the public internet. What is no address is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !special.check(address, 'ipv4');
  // Of IPv6 only what is global unicast: that leaves out loopback, ULA, link-local, multicast, and IPv4 in IPv6 clothes (::ffff:0:0/96, ::/96).
  return isIPv6(address) && !address.includes('%') && unicast.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Adds `address/length` to a list, or a single address. @throws Error for anything else. */
export function addRange(list: BlockList, range: string): void {
  const [address = '', length, ...more] = range.split('/');
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined;
  if (family === undefined || more.length > 0 || (length !== undefined && !/^\d{1,3}$/.test(length))) throw new Error('not a range of addresses');
  if (length === undefined) list.addAddress(address, family);
  else list.addSubnet(address, parseInt(length, 10), family);
}
