import { createHash } from 'node:crypto';
import type { PromptMessage, Sampling, UpstreamRequest } from '../../upstream/index.js';

/** Where the answer to a request lies: the tenant first, then whose it is, then what was asked. */
export interface CachePlace {
  readonly tenantId: string;
  /** The one user whom it is for; undefined: all users of the tenant. */
  readonly userId: string | undefined;
  /** Keyed by tenant: whoever reads it can't try questions against it. @see TenantDigest */
  readonly digest: string;
}

/** Raised whenever the digest's making changes: what was stored before is then not found. */
const VERSION = 1;

/** SHA-256 over the normalised request. Requests that mean the same have the same digest; any other difference makes another. */
export function digestOf({ model, messages, sampling, maxTokens }: UpstreamRequest): string {
  const asked = messages.map(({ role, content }, at) => [role, normalised(content, role === 'user' && at === messages.length - 1)]);
  return createHash('sha256').update(JSON.stringify([VERSION, model, asked, samplingOf(sampling), maxTokens])).digest('base64url');
}

/**
 * One spelling of the same text: Unicode NFC, LF for CRLF, no white space after the question. Nothing else: case, inner
 * blanks and punctuation may mean something.
 */
function normalised(content: PromptMessage['content'], isQuestion: boolean): string {
  const text = content.normalize('NFC').replaceAll('\r\n', '\n');
  return isQuestion ? text.trimEnd() : text;
}

/** By name, without what is not set; one stop text is a list of one. */
function samplingOf({ stop, ...numbers }: Sampling): readonly (readonly [string, unknown])[] {
  const set = Object.entries({ ...numbers, stop: typeof stop === 'string' ? [stop] : stop }).filter(([, value]) => value !== undefined);
  return set.sort(([a], [b]) => (a < b ? -1 : 1));
}
