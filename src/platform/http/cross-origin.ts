import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Whether pages of this origin (scheme, host and port, as browsers send it) may read the answer to this request. */
export type OriginRule = (origin: string, request: FastifyRequest) => Promise<boolean>;

/** The part of the API that pages call. */
const OPEN_PATH = '/v1/';
const PREFLIGHT_SECONDS = 600;

const ALLOWED = {
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'Last-Event-ID', 'X-Tenant', 'X-Client-Platform', 'X-Cache'],
  exposedHeaders: ['X-Request-Id', 'X-Run-Id', 'X-Cache', 'Retry-After', 'Content-Disposition'],
  maxAge: PREFLIGHT_SECONDS,
};

/**
 * Lets pages of other origins read answers (WHATWG Fetch, "CORS protocol"). Tokens travel in a header that no browser
 * sends by itself, so credentials are never allowed. An origin that the rule does not know, or that can't be looked up
 * now, gets no header: its browser keeps the answer to itself, everybody else is served as ever.
 */
export function allowCrossOrigin(adapter: FastifyAdapter, rule: OriginRule): void {
  const isAllowed = async (request: FastifyRequest): Promise<boolean> => {
    const { origin } = request.headers;
    return origin !== undefined && request.url.startsWith(OPEN_PATH) && (await rule(origin, request).catch(() => false));
  };
  adapter.enableCors({
    delegator: (request, answer) => {
      isAllowed(request).then(
        (allowed) => answer(null, allowed ? { ...ALLOWED, origin: request.headers.origin as string } : { origin: false }),
        (error: Error) => answer(error, undefined),
      );
    },
  });
}
