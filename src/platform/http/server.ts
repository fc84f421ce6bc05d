import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DomainError } from '../errors/index.js';
import { newId } from '../values/index.js';
import { BODY_LIMIT, parseJsonBody } from './json-body.js';
import { wantsRawBody } from './raw-body.decorator.js';
import { UPLOAD_TYPES, uploadRuleOf } from './upload.decorator.js';

const REQUEST_ID = /^[\w.:-]{8,64}$/;

/** The HTTP server: bounded bodies, strict JSON, request ids, forward headers believed from configured hops only. */
export function makeAdapter(trustedHops: number): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT,
    trustProxy: (_address: string, hop: number) => hop < trustedHops,
    // Slow senders: a request must be whole within 30 s; an idle connection is kept for 65 s, longer than common balancers keep theirs.
    requestTimeout: 30_000,
    keepAliveTimeout: 65_000,
    forceCloseConnections: 'idle',
    genReqId: (request: { headers: Record<string, unknown> }) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : newId();
    },
    routerOptions: { maxParamLength: 200 },
  });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (request, body, done) => {
    try {
      done(null, wantsRawBody(request) ? body : parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // Files are passed on unread: their route reads them, within its own bound, when it knows who sends them.
  fastify.addContentTypeParser([...UPLOAD_TYPES], (request, payload, done) => {
    if (uploadRuleOf(request) !== undefined) done(null, payload);
    else done(notJson());
  });
  // WeChat's letters may be XML; nothing else that we read is.
  fastify.addContentTypeParser(['text/xml', 'application/xml'], { parseAs: 'buffer', bodyLimit: BODY_LIMIT }, (request, body, done) => {
    if (wantsRawBody(request)) done(null, body);
    else done(notJson());
  });
  return adapter;
}

function notJson(): DomainError {
  return new DomainError('invalid_request', { param: 'content-type', message: 'the content type must be application/json' });
}
