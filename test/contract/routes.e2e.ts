import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/platform/errors/index.js';
import { admin, logIn, makeConversation, makeTenant } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { banUser } from '../kit/staff.js';
import { scripted } from '../kit/upstream-script.js';

/** Routes that anybody may call. A new one is a decision, made here. */
const PUBLIC = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'GET /v1/tenant', 'POST /v1/auth/wechat', 'POST /v1/auth/refresh', 'POST /v1/auth/appeal', 'POST /admin/v1/auth/login', 'POST /webhooks/wechatpay/{tenant}', 'GET /webhooks/wechat/{tenant}', 'POST /webhooks/wechat/{tenant}'];
/** Routes that start or read a run: every one of them must refuse the same people. */
const DOORS_OF_RUNS = ['POST /v1/conversations/{id}/messages', 'POST /v1/messages/{id}/regenerate', 'GET /v1/runs/{id}', 'GET /v1/runs/{id}/stream', 'POST /v1/runs/{id}/stop', 'POST /v1/chat/completions'];

interface Operation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly statuses: readonly string[];
  readonly security: unknown;
  readonly text: string;
}

let platform: Platform;
let operations: readonly Operation[];
let schemas: Readonly<Record<string, unknown>>;
let text: string;

beforeAll(async () => {
  platform = await Platform.start();
  const document = await platform.api.ok('GET', '/docs/openapi.json');
  schemas = document.components.schemas as Record<string, unknown>;
  text = JSON.stringify(document);
  operations = Object.entries(document.paths as Record<string, Record<string, { responses: Record<string, unknown>; security?: unknown }>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, method: method.toUpperCase(), path, statuses: Object.keys(operation.responses), security: operation.security, text: JSON.stringify(operation) })),
  );
});
afterAll(async () => platform.stop());

const call = (operation: Operation, token?: string) =>
  platform.api.call(operation.method, operation.path.replace(/\{\w+\}/g, '01900000-0000-7000-8000-000000000000'), { token, ...(operation.method === 'GET' || operation.method === 'DELETE' ? {} : { body: operation.path.includes('completions') ? { messages: [{ role: 'user', content: 'x' }] } : operation.path.endsWith('/messages') ? { content: 'x' } : {} }) });

describe('every route', () => {
  it('of issue and design is in the document', () => {
    const names = operations.map((operation) => operation.name);
    expect(names).toEqual(expect.arrayContaining([...PUBLIC, ...DOORS_OF_RUNS, 'GET /v1/models', 'GET /v1/me', 'DELETE /v1/me', 'GET /v1/me/export', 'POST /v1/api-keys', 'POST /v1/auth/logout', 'PATCH /admin/v1/tenants/{id}']));
  });

  it('names only shapes that the document holds', () => {
    const named = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, name = '']) => name.replace('#/components/schemas/', ''));
    expect(named.length).toBeGreaterThan(100);
    expect(named.filter((name) => schemas[name] === undefined)).toEqual([]);
  });

  it('is closed without a token, unless it is on the list', async () => {
    for (const operation of operations) {
      const answer = await call(operation);
      if (PUBLIC.includes(operation.name)) expect([operation.name, operation.security]).toEqual([operation.name, undefined]);
      else {
        expect([operation.name, answer.status]).toEqual([operation.name, 401]);
        expect([operation.name, Array.isArray(operation.security)]).toEqual([operation.name, true]);
      }
    }
  });

  it('answers only what it declares', async () => {
    const staff = await admin(platform);
    const user = await logIn(platform, await makeTenant(platform, staff));
    for (const operation of operations.filter((each) => each.name !== 'DELETE /v1/me' && each.name !== 'POST /v1/auth/logout')) {
      for (const token of [undefined, 'garbage', user.token, staff]) {
        const { status } = await call(operation, token);
        expect([operation.name, status, operation.statuses.includes(String(status))]).toEqual([operation.name, status, true]);
      }
    }
  });

  it('declares errors of the closed list, and every code is declared somewhere or still to come', () => {
    const declared = ERROR_CODES.filter((code) => operations.some((operation) => operation.text.includes(`\`${code}\``)));
    expect(ERROR_CODES.filter((code) => !declared.includes(code))).toEqual(['insufficient_balance']);
  });
});

describe('every door of a run', () => {
  it('refuses strangers, banned users and suspended tenants alike', async () => {
    const staff = await admin(platform);
    const tenant = await makeTenant(platform, staff);
    const owner = await logIn(platform, tenant, 'owner');
    const stranger = await logIn(platform, tenant, 'stranger');
    const conversation = await makeConversation(platform.api, owner);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: owner.token, body: { content: scripted({ tokens: 2 }) } });
    const runId = stream.runId;
    await stream.all();
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: owner.token })).data;
    const idOf = (path: string): string => (path.includes('conversations') ? conversation : path.includes('/messages/') ? answer.id : runId);
    const knock = (name: string, token: string) => {
      const operation = operations.find((each) => each.name === name);
      if (operation === undefined) throw new Error(`no ${name}`);
      return platform.api.call(operation.method, operation.path.replace('{id}', idOf(operation.path)), { token, ...(operation.method === 'GET' ? {} : { body: operation.path.includes('completions') ? { messages: [{ role: 'user', content: 'x' }] } : operation.path.endsWith('/messages') ? { content: 'x' } : {} }) });
    };
    for (const name of DOORS_OF_RUNS.filter((each) => each !== 'POST /v1/chat/completions')) expect([name, (await knock(name, stranger.token)).status]).toEqual([name, 404]);
    await banUser(platform, staff, tenant.id, stranger.id);
    for (const name of DOORS_OF_RUNS) expect([name, (await knock(name, stranger.token)).body.error.code]).toEqual([name, 'user_banned']);
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/suspend`, { token: staff });
    for (const name of DOORS_OF_RUNS) expect([name, (await knock(name, owner.token)).body.error.code]).toEqual([name, 'tenant_suspended']);
  });
});
