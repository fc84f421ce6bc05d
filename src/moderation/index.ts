export { DEFAULT_POLICY, LAYER_MODES, type ModerationPolicy } from './policy/policy.js';
export { PolicyService, type PolicyRecord } from './policy/policy.service.js';
export type { PolicyChange, StoredPolicy } from './policy/stored-policy.js';
export type { Hit, LexiconEntry } from './text/lexicon-entry.js';
export { ACTIONS, LAYERS, STAGES, type Action, type Judgement, type Layer, type Stage, type Verdict } from './verdict.js';
export type { Checker, CheckSubject, Finding } from './checkers/checker.js';
export { RemoteScreening, type RemoteRequest } from './screening/remote-screening.service.js';
export { ModerationModule } from './moderation.module.js';
