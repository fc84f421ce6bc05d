import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContextCarrier } from '../context/index.js';
import type { Stage } from '../rehearsal/index.js';
import type { Logger, Metrics } from '../telemetry/index.js';

/** Counts and logs every answer but those of a rehearsal, and sets the headers that all answers carry. */
export function observeRequests(adapter: FastifyAdapter, logger: Logger, metrics: Metrics, stage: Stage): void {
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' });
    done();
  });
  fastify.addHook('onResponse', (request: FastifyRequest & ContextCarrier, reply, done) => {
    if (!stage.holds(request.ctx?.tenantId)) observe(request, reply, logger, metrics);
    done();
  });
}

function observe(request: FastifyRequest & ContextCarrier, reply: FastifyReply, logger: Logger, metrics: Metrics): void {
  const route = request.routeOptions.url ?? 'unknown';
  const status = reply.raw.statusCode;
  metrics.httpRequests.inc({ method: request.method, route, status });
  const streamed = String(reply.raw.getHeader('content-type') ?? '').startsWith('text/event-stream');
  if (!streamed) metrics.httpSeconds.observe({ method: request.method, route }, reply.elapsedTime / 1000);
  logger.info({ request_id: request.id, tenant: request.ctx?.tenantId, method: request.method, route, status, ms: Math.round(reply.elapsedTime) }, 'request');
}
