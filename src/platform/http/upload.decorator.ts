import { Readable } from 'node:stream';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../errors/index.js';

/** Content types that a route may take as a file. All others are JSON. */
export const UPLOAD_TYPES = ['text/plain', 'text/csv'] as const;
export type UploadType = (typeof UPLOAD_TYPES)[number];

export interface UploadRule {
  readonly types: readonly UploadType[];
  /** Most bytes. */
  readonly limit: number;
}

/** A file that came as the body of a request. */
export interface Upload {
  readonly type: UploadType;
  readonly bytes: Buffer;
}

/** A route whose body is a file, larger than other bodies may be. The handler gets it by `@UploadBody()`. */
export function TakesUpload(rule: UploadRule): MethodDecorator {
  return applyDecorators(RouteConfig({ upload: rule }), ApiConsumes(...rule.types), ApiBody({ schema: { type: 'string', format: 'binary' } }));
}

/** Gives a handler the file. Read after the guards have let the caller in: a stranger's file takes no memory. */
export const UploadBody = createParamDecorator((_: unknown, execution: ExecutionContext): Promise<Upload> => readUpload(execution.switchToHttp().getRequest<FastifyRequest>()));

export function uploadRuleOf(request: FastifyRequest): UploadRule | undefined {
  return (request.routeOptions.config as { readonly upload?: UploadRule }).upload;
}

async function readUpload(request: FastifyRequest): Promise<Upload> {
  const rule = uploadRuleOf(request);
  if (rule === undefined) throw new Error('this route takes no file');
  const [name = '', ...parameters] = (request.headers['content-type'] ?? '').toLowerCase().split(';').map((part) => part.trim());
  const type = rule.types.find((each) => each === name);
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length).replaceAll('"', '');
  if (type === undefined || !(request.body instanceof Readable)) throw new DomainError('invalid_request', { param: 'content-type', message: `the content type must be ${rule.types.join(' or ')}` });
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') throw new DomainError('invalid_request', { param: 'content-type', message: 'the charset must be utf-8' });
  return { type, bytes: await readWhole(request.body, rule.limit) };
}

/** @throws invalid_request (param `body`) */
async function readWhole(stream: Readable, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // What is not read must not be destroyed: the answer goes the same way back.
  for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new DomainError('invalid_request', { param: 'body', message: `the body must not be larger than ${Math.floor(limit / 1024)} KiB` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
