import { readFile } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Config } from './platform/config/index.js';
import { DomainError } from './platform/errors/index.js';

const PAGE = new URL('../../clients/tryout/', import.meta.url);
const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/tryout/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  ...Object.fromEntries(['page', 'api', 'label', 'stream', 'wallet'].map((name) => [`/tryout/${name}.js`, { file: `${name}.js`, type: 'text/javascript; charset=utf-8' }])),
};
const NAME = /^[\w-]{1,32}$/;

/**
 * The try-out page of the demo tenant, and its way to a login code. Served only
 * where a simulator stands in for WeChat: its codes log anybody in.
 */
export async function serveTryout(app: NestFastifyApplication, config: Config): Promise<void> {
  const codeUrl = config.tryoutCodeUrl;
  if (codeUrl === undefined) return;
  const fastify = app.getHttpAdapter().getInstance();
  for (const [path, { file, type }] of Object.entries(FILES)) {
    const content = await readFile(new URL(file, PAGE));
    fastify.get(path, (_request, reply) => {
      void reply
        .header('content-type', type)
        .header('content-security-policy', "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'")
        .send(content);
    });
  }
  // Where the demo's user pays: the page of the simulator that stands in for WeChat Pay.
  fastify.get('/tryout/pay/:no', (request, reply) => {
    const { no } = request.params as { no: string };
    if (!/^[0-9a-f]{32}$/.test(no) || config.wechat.payBaseUrl.startsWith('https://')) throw new DomainError('not_found');
    return reply.redirect(`${config.wechat.payBaseUrl}/pay/${no}`, 303);
  });
  fastify.get('/tryout/code', async (request) => {
    const { user } = request.query as { user?: unknown };
    if (user !== undefined && !(typeof user === 'string' && NAME.test(user))) throw new DomainError('invalid_request', { param: 'user', message: 'user must be up to 32 letters, digits, - or _' });
    const url = new URL(codeUrl);
    const body = { appid: url.searchParams.get('appid') ?? '', user: user ?? 'demo' };
    const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body), signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
    const code = answer?.ok ? ((await answer.json()) as { code?: unknown }).code : undefined;
    if (typeof code !== 'string') throw new DomainError('unavailable', { message: 'the WeChat simulator gave no login code' });
    return { code, tenant: url.searchParams.get('tenant') ?? 'demo' };
  });
}
