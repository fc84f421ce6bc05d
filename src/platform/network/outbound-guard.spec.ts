import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { describe, expect, it } from 'vitest';
import { AllowList } from './allow-list.js';
import { ForbiddenAddress, OutboundGuard, type ResolvedAddress } from './outbound-guard.js';
import { isPublicAddress } from './special-addresses.js';

const PUBLIC = '93.184.215.14';
const PUBLIC_V6 = '2606:2800:21f:cb07:6820:80da:af6b:8b2c';

function of(address: string): ResolvedAddress {
  return { address, family: address.includes(':') ? 6 : 4 };
}

/** A guard whose names are those of this table. */
function guardOf(names: Record<string, readonly string[]>, allowed: readonly string[] = []): OutboundGuard {
  return new OutboundGuard(new AllowList(allowed), async (host) => (names[host] ?? []).map(of));
}

describe('isPublicAddress', () => {
  it.each([
    '0.0.0.0', '0.1.2.3', '10.0.0.1', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.168.1.1', '198.18.0.1',
    '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '168.63.129.16',
    '::', '::1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::ffff:7f00:1', '::7f00:1', 'fe80::1', 'fe80::1%eth0', 'fec0::1', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '100::1', '2001:db8::1', '2001::1', '3fff::1',
    '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b::10.0.0.1', '64:ff9b:1::1', '2002:7f00:1::', '2002:a9fe:a9fe::1', '2002:c0a8:101:1::1', '4000::1',
    '', 'localhost', '127.1', '1.2.3', '::g',
  ])('%s is not', (address) => expect(isPublicAddress(address)).toBe(false));

  it.each([PUBLIC, PUBLIC_V6, '1.1.1.1', '172.32.0.1', '100.128.0.1', '192.0.1.1', '64:ff9b::808:808', '2002:808:808::1'])('%s is', (address) => expect(isPublicAddress(address)).toBe(true));

  it('sees through every wrapping of an IPv4 address', () => {
    const hex = (a: number, b: number): string => ((a << 8) | b).toString(16);
    fc.assert(fc.property(fc.ipV4(), (v4) => {
      const [a, b, c, d] = v4.split('.').map((part) => parseInt(part, 10)) as [number, number, number, number];
      const low = `${hex(a, b)}:${hex(c, d)}`;
      expect(isPublicAddress(`64:ff9b::${low}`)).toBe(isPublicAddress(v4));
      expect(isPublicAddress(`2002:${low}::1`)).toBe(isPublicAddress(v4));
      expect(isPublicAddress(`::ffff:${low}`)).toBe(false);
      expect(isPublicAddress(`::${low}`)).toBe(false);
    }));
  });
});

describe('OutboundGuard', () => {
  const names = { 'api.example.com': [PUBLIC, PUBLIC_V6], localhost: ['127.0.0.1', '::1'], 'inside.example.com': ['10.1.2.3'], 'two.example.com': [PUBLIC, '169.254.169.254'], 'gpu.internal': ['10.9.9.9'] };
  const guard = guardOf(names);

  it.each(['https://api.example.com/v1', 'https://api.example.com:8443/v1', `https://${PUBLIC}/v1`, `https://[${PUBLIC_V6}]/v1`])('takes %s', async (url) => {
    expect(await guard.faultOf(url)).toBeUndefined();
  });

  it.each([
    ['nonsense', 'malformed'], ['https://', 'malformed'], ['https://api.example.com/\nv1', 'malformed'], ['https://api.exa\tmple.com/', 'malformed'], [' https://api.example.com/', 'malformed'], ['https:\\\\api.example.com\\', 'malformed'],
    ['ftp://api.example.com/', 'scheme'], ['file:///etc/passwd', 'scheme'], ['gopher://127.0.0.1:6379/_x', 'scheme'], ['unix:/run/docker.sock', 'scheme'],
    ['https://user@api.example.com/', 'credentials'], ['https://:pw@api.example.com/', 'credentials'], ['https://api.example.com/v1?x=1', 'query'], ['https://api.example.com/v1?', 'query'], ['https://api.example.com/v1#x', 'query'],
    ['http://api.example.com/v1', 'insecure'], ['https://nobody.example.com/', 'unresolved'],
    ['https://localhost/', 'forbidden'], ['https://inside.example.com/', 'forbidden'], ['https://two.example.com/', 'forbidden'], ['https://gpu.internal/', 'forbidden'],
    ['https://0.0.0.0/', 'forbidden'], ['https://0/', 'forbidden'], ['https://127.1/', 'forbidden'], ['https://127.0.0.1./', 'forbidden'], ['https://2130706433/', 'forbidden'], ['https://0x7f.1/', 'forbidden'], ['https://0177.0.0.1/', 'forbidden'],
    ['https://169.254.169.254/latest/meta-data', 'forbidden'], ['https://[::1]/', 'forbidden'], ['https://[::ffff:a9fe:a9fe]/', 'forbidden'], ['https://[::ffff:127.0.0.1]/', 'forbidden'], ['https://[64:ff9b::7f00:1]/', 'forbidden'],
    ['https://１２７.0.0.1/', 'forbidden'], ['https://127。0。0。1/', 'forbidden'],
  ] as const)('refuses %s: %s', async (url, fault) => {
    // The text alone may tell less, but never something else.
    expect([undefined, fault]).toContain(guard.textFaultOf(url));
    expect(await guard.faultOf(url)).toBe(fault);
  });

  it('makes exceptions only where the list says so', async () => {
    const lenient = guardOf(names, ['GPU.internal', '10.1.0.0/16', '127.0.0.1', 'fd00::/8']);
    for (const url of ['http://gpu.internal:8000/v1', 'http://inside.example.com/v1', 'http://127.0.0.1:18001/v1', 'https://[fd00::5]/v1']) expect([url, await lenient.faultOf(url)]).toEqual([url, undefined]);
    expect(await lenient.faultOf('https://localhost/')).toBe('forbidden');
    expect(await lenient.faultOf('https://127.0.0.2/')).toBe('forbidden');
    expect(await lenient.faultOf('http://api.example.com/')).toBe('insecure');
  });

  it('checks again what a name leads to when it is connected', async () => {
    const table: Record<string, readonly string[]> = { 'rebound.example.com': [PUBLIC] };
    const watched = guardOf(table);
    expect(await watched.faultOf('https://rebound.example.com/')).toBeUndefined();
    expect(await lookedUp(watched.lookup, 'rebound.example.com', { all: true })).toEqual([of(PUBLIC)]);
    expect(await lookedUp(watched.lookup, 'rebound.example.com', {})).toBe(PUBLIC);
    table['rebound.example.com'] = [PUBLIC, '127.0.0.1'];
    for (const options of [{ all: true }, {}, { family: 6 }, { family: 4 }]) await expect(lookedUp(watched.lookup, 'rebound.example.com', options)).rejects.toThrow();
    await expect(lookedUp(watched.lookup, 'rebound.example.com', { all: true })).rejects.toBeInstanceOf(ForbiddenAddress);
    await expect(lookedUp(watched.lookup, 'nobody.example.com', { all: true })).rejects.toThrow('no address');
  });

  it('stands between undici and what it connects to, and undici follows no redirect past it', async () => {
    const server = createServer((incoming, answer) => answer.writeHead(incoming.url === '/away' ? 302 : 200, incoming.url === '/away' ? { location: '/home' } : {}).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const inside = { 'upstream.test': ['127.0.0.1'] };
    const statusOf = async (by: OutboundGuard, path: string): Promise<number> => {
      const agent = new Agent({ connect: { lookup: by.lookup } });
      try {
        const answer = await request(`http://upstream.test:${port}${path}`, { dispatcher: agent });
        await answer.body.dump();
        return answer.statusCode;
      } finally {
        await agent.destroy();
      }
    };
    await expect(statusOf(guardOf(inside), '/')).rejects.toMatchObject({ name: 'ForbiddenAddress' });
    const lenient = guardOf(inside, ['127.0.0.1']);
    expect([await statusOf(lenient, '/'), await statusOf(lenient, '/away')]).toEqual([200, 302]);
    await new Promise((resolve) => server.close(resolve));
  });

  it('never throws, whatever the text', async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.webUrl()), async (text) => { await guard.faultOf(text); }));
  });
});

describe('AllowList', () => {
  it.each(['', 'a b', '10.0.0.0/33', '10.0.0/8', '1.2.3.4/8/9', 'http://x', '*.example.com', '300.1.1.1', 'fd00::/129'])('refuses %j', (entry) => expect(() => new AllowList([entry])).toThrow());
});

function lookedUp(lookup: LookupFunction, host: string, options: { readonly all?: boolean; readonly family?: number }): Promise<unknown> {
  return new Promise((resolve, reject) => lookup(host, options, (error, found) => (error === null ? resolve(found) : reject(error))));
}
