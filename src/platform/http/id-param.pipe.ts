import { Injectable, type ArgumentMetadata, type PipeTransform } from '@nestjs/common';
import { DomainError } from '../errors/index.js';
import { isId } from '../values/index.js';

/** Checks an id in a path: one that can't exist is `not_found` (param: the path's name for it), like one that doesn't. */
@Injectable()
export class IdParam implements PipeTransform<unknown, string> {
  transform(value: unknown, metadata: ArgumentMetadata): string {
    if (typeof value === 'string' && isId(value)) return value;
    throw new DomainError('not_found', metadata.data === undefined ? {} : { param: metadata.data });
  }
}
