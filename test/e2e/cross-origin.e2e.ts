import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../kit/api.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted } from '../kit/upstream-script.js';

const OWN = 'https://platform.test';
const PAGE = 'https://h5.brand.test';
const OTHER_PAGE = 'https://h5.other.test';
const STRANGERS = ['https://evil.test', 'http://h5.brand.test', 'https://h5.brand.test:8443', 'https://h5.brand.test.evil.test', 'https://x.h5.brand.test', 'null', ''];

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let other: TestTenant;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start({ env: { PUBLIC_URL: `${OWN}/` } });
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff, { domains: ['h5.brand.test'] });
  other = await makeTenant(platform, staff, { domains: ['h5.other.test'] });
  user = await logIn(platform, tenant);
});
afterAll(async () => platform.stop());

const allowed = (answer: Pick<Answer, 'headers'>) => answer.headers.get('access-control-allow-origin');
const words = (answer: Answer, header: string) => (answer.headers.get(header) ?? '').toLowerCase().split(/ *, */).sort();
const preflight = (path: string, origin: string, method = 'POST') =>
  platform.api.call('OPTIONS', path, { headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type,x-tenant' } });

describe('a page of another origin', () => {
  it.each([PAGE, OTHER_PAGE, OWN])('%s may ask first, on any route for clients', async (origin) => {
    for (const [path, method] of [['/v1/auth/wechat', 'POST'], [`/v1/conversations/${tenant.id}/messages`, 'POST'], [`/v1/runs/${tenant.id}/stream?after=3`, 'GET'], ['/v1/me', 'DELETE']] as const) {
      const answer = await preflight(path, origin, method);
      expect([path, answer.status, allowed(answer)]).toEqual([path, 204, origin]);
      expect(words(answer, 'access-control-allow-headers')).toEqual(['authorization', 'content-type', 'idempotency-key', 'last-event-id', 'x-cache', 'x-client-platform', 'x-tenant']);
      expect(words(answer, 'access-control-allow-methods')).toEqual(['delete', 'get', 'patch', 'post', 'put']);
      expect(words(answer, 'vary')).toContain('origin');
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  it.each(STRANGERS)('that is nobody\'s (%j) gets no header, before or after', async (origin) => {
    for (const answer of [await preflight('/v1/tenant', origin, 'GET'), await platform.api.get('/v1/tenant', { headers: { origin, 'x-tenant': tenant.slug } })]) {
      expect(allowed(answer)).toBeNull();
      expect(words(answer, 'vary')).toContain('origin');
    }
  });

  it('may read answers and errors of its own tenant, with what a client needs of the head', async () => {
    const good = await platform.api.get('/v1/tenant', { headers: { origin: PAGE, 'x-tenant': tenant.slug } });
    const bad = await platform.api.get('/v1/me', { headers: { origin: PAGE }, token: 'expired' });
    const nowhere = await platform.api.get('/v1/nothing', { headers: { origin: PAGE } });
    expect([good.status, bad.status, nowhere.status]).toEqual([200, 401, 404]);
    for (const answer of [good, bad, nowhere]) {
      expect(allowed(answer)).toBe(PAGE);
      expect(words(answer, 'access-control-expose-headers')).toEqual(expect.arrayContaining(['x-request-id', 'x-run-id', 'retry-after']));
    }
  });

  it('may not read answers that are another tenant\'s by name', async () => {
    expect(allowed(await platform.api.get('/v1/tenant', { headers: { origin: PAGE, 'x-tenant': other.slug } }))).toBeNull();
    expect(allowed(await platform.api.get('/v1/tenant', { headers: { origin: OWN, 'x-tenant': other.slug } }))).toBe(OWN);
  });

  it('reads streams in every format, and resumes them', async () => {
    const conversation = await makeConversation(platform.api, user);
    const headers = { origin: PAGE, 'x-tenant': tenant.slug };
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, headers, body: { content: scripted({ text: '跨域' }) } });
    expect(allowed(stream.response)).toBe(PAGE);
    expect(stream.response.headers.get('vary')).toBe('Origin');
    expect(wordsOf(await stream.all())).toBe('跨域');
    for (const format of ['sse', 'openai', 'wxapp']) {
      const again = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=${format}`, { token: user.token, headers });
      expect([format, allowed(again.response), again.response.headers.get('vary')]).toEqual([format, PAGE, 'Origin']);
      await again.ended();
    }
    const stranger = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token, headers: { origin: 'https://evil.test' } });
    expect([stranger.status, allowed(stranger.response), stranger.response.headers.get('vary')]).toEqual([200, null, 'Origin']);
    await stranger.ended();
  });

  it('has no way to the staff\'s doors', async () => {
    expect(allowed(await preflight('/admin/v1/auth/login', PAGE))).toBeNull();
    expect(allowed(await platform.api.get('/admin/v1/tenants', { token: staff, headers: { origin: PAGE } }))).toBeNull();
  });

  it('comes and goes with the domain', async () => {
    const allowedNow = () => preflight('/v1/tenant', 'https://new.brand.test', 'GET').then(allowed);
    expect(await allowedNow()).toBeNull();
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: staff, body: { domains: ['h5.brand.test', 'new.brand.test'] } });
    await eventually(allowedNow, (origin) => origin === 'https://new.brand.test', 1_000);
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: staff, body: { domains: ['h5.brand.test'] } });
    await eventually(allowedNow, (origin) => origin === null, 1_000);
  });
});
