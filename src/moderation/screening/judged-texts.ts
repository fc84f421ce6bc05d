import { LAYERS, type Judgement } from '../verdict.js';
import { isCleanPass } from '../verdicts/verdict-record.js';

/** A text of a request, and what each layer said of it. */
export interface JudgedText {
  readonly text: string;
  readonly judgements: readonly Judgement[];
}

/** Texts of one entry of the log. */
export interface JudgedTexts {
  readonly texts: readonly string[];
  readonly judgements: readonly Judgement[];
}

/** UTF-16 units of all texts together. */
export function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}

/**
 * What the log keeps of a request with many texts: what was found, or failed, text by text; of all that a layer passed
 * one entry, as of a question in a chat.
 */
export function recordsOf(judged: readonly JudgedText[]): readonly JudgedTexts[] {
  const found = judged.map(({ text, judgements }) => ({ texts: [text], judgements: judgements.filter((judgement) => !isCleanPass(judgement)) }));
  return [...found.filter(({ judgements }) => judgements.length > 0), ...LAYERS.flatMap((layer) => passesOf(layer, judged))];
}

function passesOf(layer: Judgement['layer'], judged: readonly JudgedText[]): readonly JudgedTexts[] {
  const passes = judged.flatMap(({ text, judgements }) => judgements.filter((judgement) => judgement.layer === layer && isCleanPass(judgement)).map((judgement) => ({ text, judgement })));
  const [first] = passes;
  if (first === undefined) return [];
  const together = { ...first.judgement, latencyMs: Math.max(...passes.map(({ judgement }) => judgement.latencyMs)), cached: passes.every(({ judgement }) => judgement.cached) };
  return [{ texts: passes.map(({ text }) => text), judgements: [together] }];
}
