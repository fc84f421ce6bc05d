import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { AllowList } from './allow-list.js';
import { isPublicAddress } from './special-addresses.js';

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host name; rejects, or answers none, when there are none. */
export type Resolver = (host: string) => Promise<readonly ResolvedAddress[]>;

/** What is wrong with an address that somebody wants called. */
export type UrlFault = 'malformed' | 'scheme' | 'credentials' | 'query' | 'insecure' | 'unresolved' | 'forbidden';

/** An address that must not be called; its text names no address. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
  readonly code = 'EFORBIDDEN';

  constructor() {
    super('the host leads to an address that must not be called');
  }
}

const RESOLVE_MS = 5_000;

/**
 * Keeps calls to addresses that people enter away from what only this machine and its neighbours may reach
 * (server-side request forgery). An address is checked when it is entered, by `faultOf`, and the one that is really
 * connected to by `lookup`: a name may lead elsewhere by then. Both look at every address of a name, and one bad one
 * is enough. Whoever calls must not follow redirects: they would lead past both. `undici.request` follows none.
 */
export class OutboundGuard {
  constructor(private readonly allowed: AllowList, private readonly resolve: Resolver = (host) => systemLookup(host, { all: true })) {}

  /** What is wrong with a URL, as far as the text alone tells; for what was checked whole before. */
  textFaultOf(text: string): UrlFault | undefined {
    // The WHATWG parser turns 127.1, 0x7f000001 and 2130706433 into the address that they mean.
    // It also passes over tabs and line ends: what is kept must be what was checked.
    const url = URL.canParse(text) && !/[\s\p{Cc}\\]/u.test(text) ? new URL(text) : undefined;
    if (url === undefined) return 'malformed';
    if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'scheme';
    if (url.username !== '' || url.password !== '') return 'credentials';
    if (/[?#]/.test(text)) return 'query';
    const host = hostOf(url);
    return isIP(host) !== 0 && !this.permits(host) ? 'forbidden' : undefined;
  }

  /** What is wrong with a URL; undefined: it may be kept. `http` is for allow-listed places only. */
  async faultOf(text: string): Promise<UrlFault | undefined> {
    const fault = this.textFaultOf(text);
    if (fault !== undefined) return fault;
    const url = new URL(text);
    const host = hostOf(url);
    if (this.allowed.hasHost(host)) return undefined;
    const addresses = isIP(host) !== 0 ? [host] : await this.addressesOf(host);
    if (addresses.length === 0) return 'unresolved';
    if (!addresses.every((address) => this.permits(address))) return 'forbidden';
    return url.protocol === 'http:' && !addresses.every((address) => this.allowed.hasAddress(address)) ? 'insecure' : undefined;
  }

  /** For undici's `connect: { lookup }`. A host that is an address itself is never looked up: `textFaultOf` is for those. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.resolve(host).then(
      (found) => {
        const wanted = options.family === 4 || options.family === 6 ? found.filter(({ family }) => family === options.family) : found;
        const [first] = wanted;
        if (first === undefined) done(Object.assign(new Error('the host has no address'), { code: 'ENOTFOUND' }), '', 0);
        else if (!this.allowed.hasHost(host.toLowerCase()) && !found.every(({ address }) => this.permits(address))) done(new ForbiddenAddress(), '', 0);
        else if (options.all === true) done(null, [...wanted]);
        else done(null, first.address, first.family);
      },
      (error: unknown) => done(error instanceof Error ? error : new Error('the host could not be looked up'), '', 0),
    );
  };

  private permits(address: string): boolean {
    return isPublicAddress(address) || this.allowed.hasAddress(address);
  }

  private async addressesOf(host: string): Promise<readonly string[]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<readonly ResolvedAddress[]>((resolve) => { timer = setTimeout(() => resolve([]), RESOLVE_MS); });
    const found = await Promise.race([this.resolve(host).catch(() => []), late]).finally(() => clearTimeout(timer));
    return found.map(({ address }) => address);
  }
}

/** The host of a URL, an IPv6 address without its brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
