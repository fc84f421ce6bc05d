import type { ClientPlatform } from '../../platform/context/index.js';
import type { ModerationPolicy } from '../policy/policy.js';
import { CodeFences } from './code-fences.js';

/** Makes a filter for each answer; undefined where clients of this platform may be shown code. */
export function codeFilterOf({ output, texts }: Pick<ModerationPolicy, 'output' | 'texts'>, platform: ClientPlatform): (() => CodeFences) | undefined {
  return output.withholdCodeOn.includes(platform) ? () => new CodeFences(texts.code) : undefined;
}
