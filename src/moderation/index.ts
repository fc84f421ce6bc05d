export type { ModerationPolicy } from './policy/policy.js';
export type { Hit, LexiconEntry } from './text/lexicon-entry.js';
export type { Action, Judgement, Layer, Stage, Verdict } from './verdict.js';
export type { Checker, CheckSubject, Finding } from './checkers/checker.js';
export { ModerationModule } from './moderation.module.js';
