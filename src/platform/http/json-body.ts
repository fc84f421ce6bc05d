import { DomainError } from '../errors/index.js';

/** Most bytes of a request body. */
export const BODY_LIMIT = 256 * 1024;
/** Deepest nesting of a request body. */
export const DEPTH_LIMIT = 24;

const LONE_SURROGATE_OR_NUL = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Parses a request body: strict UTF-8, a JSON object (RFC 8259), no NUL characters, no lone surrogates, bounded depth.
 * PostgreSQL can't store the first two, so they must not come further than this.
 * @throws DomainError `invalid_request` that names the field.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid('body', 'the body must be valid UTF-8');
  }
  if (tooDeep(text)) throw invalid('body', `the body must not be nested deeper than ${DEPTH_LIMIT} levels`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('body', 'the body must be valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('body', 'the body must be a JSON object');
  check(value, '');
  return value;
}

function invalid(param: string, message: string): DomainError {
  return new DomainError('invalid_request', { param, message });
}

/** Counts brackets outside of strings, so that a hostile depth is refused before the parser recurses. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === 0x5c) at += 1;
      else if (unit === 0x22) inString = false;
    } else if (unit === 0x22) inString = true;
    else if (unit === 0x5b || unit === 0x7b) {
      depth += 1;
      if (depth > DEPTH_LIMIT) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth -= 1;
  }
  return false;
}

function check(value: unknown, path: string): void {
  if (typeof value === 'string') {
    if (LONE_SURROGATE_OR_NUL.test(value)) throw invalid(path === '' ? 'body' : path, `${path === '' ? 'the body' : path} must not contain NUL characters or unpaired surrogates`);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => check(item, `${path}[${index}]`));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const inner = path === '' ? shortKey(key) : `${path}.${shortKey(key)}`;
      if (FORBIDDEN_KEYS.has(key) || LONE_SURROGATE_OR_NUL.test(key)) throw invalid(inner, `${inner} is not an allowed field name`);
      check(item, inner);
    }
  }
}

/** A client's own key in an error message, bounded and printable. */
function shortKey(key: string): string {
  return key.replace(/[^\w.-]/g, '?').slice(0, 60);
}
