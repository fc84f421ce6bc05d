import type { Platform } from './platform.js';

/** Asks the simulated model's control endpoint. Throws where it refuses. */
export async function upstreamControl(platform: Pick<Platform, 'servers'>, method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(new URL(`/control/${path}`, platform.servers.openaiUrl), { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${method} /control/${path}: ${JSON.stringify(answer)}`);
  return answer;
}
