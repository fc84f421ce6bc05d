import { DomainError } from '../../platform/errors/index.js';
import type { ChannelChange, ChannelDraft, ChannelRecord } from './channel-record.js';

/** A GGUF model is a file on the workers' disks. */
const MODEL_FILE = /^\/(?:[^/\0]+\/)*[^/\0]+\.gguf$/;

/**
 * What the shape of each field alone does not tell.
 * @throws DomainError `invalid_request` that names the field.
 */
export function checkDraft(owner: string | undefined, draft: ChannelDraft): void {
  const seen = new Set<string>();
  draft.models.forEach(({ model }, at) => {
    if (seen.has(model)) throw invalid(`models[${at}].model`, 'must not name a model twice');
    seen.add(model);
  });
  if (draft.kind !== 'local') return;
  if (owner !== undefined) throw invalid('kind', 'must be openai: a local model is the platform\'s');
  if (!MODEL_FILE.test(draft.baseUrl) || draft.baseUrl.includes('/../')) throw invalid('base_url', 'must be the absolute path of a .gguf file');
  if (draft.proxyUrl !== null) throw invalid('proxy_url', 'is not for a local model');
}

/** The channel after a change, its key apart. */
export function changed(before: ChannelRecord, change: ChannelChange): Omit<ChannelDraft, 'apiKey'> {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as Partial<ChannelDraft>;
  const { name, kind, baseUrl, tags, models, limits, priority, weight } = before;
  return {
    name, kind, baseUrl, tags, models, priority, weight, proxyUrl: before.proxyUrl ?? null, region: before.region ?? null,
    requestsPerMinute: limits.requestsPerMinute ?? null, tokensPerMinute: limits.tokensPerMinute ?? null, concurrent: limits.concurrent ?? null, hedgePercent: before.hedgePercent ?? null, ...given,
  };
}

/**
 * A key that nobody can read must not be sent to another server by whoever may change the address: it is entered again.
 * A proxy sees it, too, where the channel is not encrypted.
 * @throws DomainError `invalid_request` (param `api_key`)
 */
export function checkKeyStaysHome(before: ChannelRecord, after: Omit<ChannelDraft, 'apiKey'>, change: ChannelChange): void {
  if (!before.hasKey || change.apiKey !== undefined || before.kind === 'local') return;
  const moved = new URL(before.baseUrl).origin !== new URL(after.baseUrl).origin;
  const proxied = after.baseUrl.startsWith('http:') && after.proxyUrl !== null && after.proxyUrl !== before.proxyUrl;
  if (moved || proxied) throw invalid('api_key', 'is needed again: the kept one is not sent to another server (更换地址时须重新填写密钥)');
}

function invalid(param: string, fault: string): DomainError {
  return new DomainError('invalid_request', { param, message: `${param} ${fault}` });
}
