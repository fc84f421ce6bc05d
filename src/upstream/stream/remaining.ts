/** What an upstream says is left of its limits. */
export interface Remaining {
  readonly requests?: number;
  readonly tokens?: number;
}

/**
 * Reads `x-ratelimit-remaining-requests` and `-tokens`, as OpenAI and most compatible servers send them
 * (OpenAI, Rate limits, "Rate limits in headers"). Undefined where there is nothing to read.
 */
export function readRemaining(headers: Readonly<Record<string, string | string[] | undefined>>): Remaining | undefined {
  const requests = countOf(headers['x-ratelimit-remaining-requests']);
  const tokens = countOf(headers['x-ratelimit-remaining-tokens']);
  if (requests === undefined && tokens === undefined) return undefined;
  return { ...(requests === undefined ? {} : { requests }), ...(tokens === undefined ? {} : { tokens }) };
}

function countOf(value: string | string[] | undefined): number | undefined {
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? parseInt(value, 10) : undefined;
}
