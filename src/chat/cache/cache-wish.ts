import { DomainError } from '../../platform/errors/index.js';

/** What a caller says about stored answers: `allow` marks a request as cacheable, `bypass` takes none and leaves none. */
export type CacheWish = 'allow' | 'bypass';

/** What became of a request: `hit` was answered from what is stored, `miss` was looked for and not found, `bypass` was not looked for. */
export type CacheResult = 'hit' | 'miss' | 'bypass';

/**
 * The wish of a request: `X-Cache: allow | bypass`, or `Cache-Control: no-store` (RFC 9111, 5.2.1.5), which is `bypass`.
 * @throws DomainError `invalid_request` (param `X-Cache`) for any other word.
 */
export function cacheWishOf(cache: string | undefined, control: string | undefined): CacheWish | undefined {
  if (cache !== undefined && cache !== 'allow' && cache !== 'bypass') {
    throw new DomainError('invalid_request', { param: 'X-Cache', message: 'X-Cache must be allow or bypass' });
  }
  const forbidden = control?.split(',').some((directive) => directive.trim().toLowerCase() === 'no-store') ?? false;
  return forbidden ? 'bypass' : cache;
}
