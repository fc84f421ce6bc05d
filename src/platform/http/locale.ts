import type { FastifyRequest } from 'fastify';

/** Chinese, unless the client asks for English first. */
export function localeOf(request: FastifyRequest): 'zh' | 'en' {
  const asked = request.headers['accept-language'];
  return typeof asked === 'string' && /^\s*en\b/i.test(asked) ? 'en' : 'zh';
}
