import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** A route whose `request.body` is the bytes as they came, bounded but not parsed: for letters that are signed as bytes. */
export function RawBody(): MethodDecorator {
  return RouteConfig({ rawBody: true });
}

export function wantsRawBody(request: FastifyRequest): boolean {
  return (request.routeOptions.config as { readonly rawBody?: boolean }).rawBody === true;
}
