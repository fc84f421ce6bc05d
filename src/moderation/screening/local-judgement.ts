import type { LayerMode } from '../policy/policy.js';
import type { Hit } from '../text/lexicon-entry.js';
import { stricter, type Action, type Judgement, type Stage } from '../verdict.js';

/** The word lists' word about a text: the strictest action of what occurs in it, by the first that asks for it. */
export function localJudgement(stage: Stage, version: string, hits: readonly Hit[], mode: LayerMode, latencyMs: number): Judgement {
  const asked = hits.reduce((strictest: Action, { entry }) => stricter(strictest, entry.action), 'pass');
  const shadow = mode !== 'on';
  return { stage, layer: 'local', version, asked, action: shadow ? 'pass' : asked, label: decidingHit(hits)?.entry.category ?? 'normal', ...hitOf(hits), latencyMs, cached: false, shadow };
}

function hitOf(hits: readonly Hit[]): { readonly hit?: string } {
  const hit = decidingHit(hits);
  return hit === undefined ? {} : { hit: hit.entry.text };
}

/** The first hit of the strictest action. */
export function decidingHit(hits: readonly Hit[]): Hit | undefined {
  const asked = hits.reduce((strictest: Action, { entry }) => stricter(strictest, entry.action), 'pass');
  return hits.find(({ entry }) => entry.action === asked);
}

/** The version of several lists together. */
export function versionOf(lexicons: readonly { readonly version: string }[]): string {
  return lexicons.map(({ version }) => version).join('+');
}
