import { BlockList, isIP } from 'node:net';
import { addRange } from './special-addresses.js';

const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/** Private places that may be called nevertheless: host names exactly as they are written, addresses, ranges (`10.1.0.0/16`). */
export class AllowList {
  private readonly hosts = new Set<string>();
  private readonly addresses = new BlockList();

  /** @throws Error for an entry that is none of these. */
  constructor(entries: readonly string[]) {
    for (const entry of entries.map((each) => each.toLowerCase())) {
      if (entry.includes('/') || isIP(entry) !== 0) addRange(this.addresses, entry);
      else if (HOST.test(entry) && !/^[\d.]+$/.test(entry)) this.hosts.add(entry);
      else throw new Error('not a host, an address or a range');
    }
  }

  hasHost(host: string): boolean {
    return this.hosts.has(host);
  }

  hasAddress(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.addresses.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}
