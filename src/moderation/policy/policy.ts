import type { ClientPlatform } from '../../platform/context/index.js';

/** `shadow`: judged and recorded, never acted upon. */
export const LAYER_MODES = ['on', 'off', 'shadow'] as const;
export type LayerMode = (typeof LAYER_MODES)[number];

/** What an answer costs that was broken off: nothing; the prompt and the words that stand; or the prompt and all that the model said. */
export const BROKEN_OFF_CHARGES = ['nothing', 'shown', 'produced'] as const;
export type BrokenOffCharge = (typeof BROKEN_OFF_CHARGES)[number];

/** One remote layer at one stage. */
export interface RemoteLayerPolicy {
  readonly mode: LayerMode;
  /** What happens to a text that the layer could not judge in time: let through, or refused. */
  readonly onFailure: 'open' | 'closed';
  /** Milliseconds that the layer may take. */
  readonly deadlineMs: number;
  /** What WeChat's `review`, or a score near its threshold, means. */
  readonly onReview: 'pass' | 'review' | 'block';
}

export interface InputPolicy {
  readonly local: { readonly mode: LayerMode };
  readonly wechat: RemoteLayerPolicy;
  readonly openai: RemoteLayerPolicy;
  /** `beside`: while the model is asked, and no word is shown until the layers agree; `before`: the model is asked afterwards. */
  readonly order: 'beside' | 'before';
  /** Who judges instead of WeChat for users whom WeChat can't judge (API keys, H5, not seen within two hours). */
  readonly insteadOfWechat: 'openai' | 'nobody';
  /**
   * What happens to a question that WeChat is not asked about because of who wrote it (longer than it judges, or more
   * questions than a user's share), where nobody stands in: let through, or refused. Open, it is a switch in the user's hand.
   */
  readonly onExcess: 'open' | 'closed';
}

export interface OutputPolicy {
  readonly local: { readonly mode: LayerMode };
  readonly wechat: RemoteLayerPolicy;
  readonly openai: RemoteLayerPolicy;
  readonly insteadOfWechat: 'openai' | 'nobody';
  /** `strict`: text is shown when the window that it is in has passed; `swift`: at once, and recalled when a window fails. Word lists hold in both. */
  readonly gate: 'strict' | 'swift';
  readonly charge: BrokenOffCharge;
  /** Client platforms that are shown a note in place of code blocks, as app stores' reviews may ask for. */
  readonly withholdCodeOn: readonly ClientPlatform[];
}

/** How a tenant's texts are judged. */
export interface ModerationPolicy {
  /** Grows with every change. Stored verdicts are findings: their keys hold the thresholds, and the rest of the policy is applied anew. */
  readonly version: number;
  readonly input: InputPolicy;
  readonly output: OutputPolicy;
  /** Score from which a category of the moderation endpoint counts, 0 to 1; `default` for those that are not named. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** What users are told when a layer refuses, and in place of an answer that was recalled. */
  readonly texts: { readonly local: string; readonly wechat: string; readonly openai: string; readonly recalled: string; readonly topic: string; readonly code: string };
  /** Judged texts are kept sealed in the log. */
  readonly sealTexts: boolean;
  /** Days that the log is kept; 183 at least (Cybersecurity Law: network logs for six months). */
  readonly retentionDays: number;
}

const remote = (mode: LayerMode, deadlineMs: number): RemoteLayerPolicy => ({ mode, onFailure: 'open', deadlineMs, onReview: 'review' });

/** What holds for a tenant that has set nothing. */
export const DEFAULT_POLICY: ModerationPolicy = {
  version: 0,
  input: { local: { mode: 'on' }, wechat: remote('on', 1_500), openai: remote('on', 3_000), order: 'beside', insteadOfWechat: 'openai', onExcess: 'closed' },
  output: { local: { mode: 'on' }, wechat: remote('on', 3_000), openai: remote('off', 3_000), insteadOfWechat: 'openai', gate: 'swift', charge: 'nothing', withholdCodeOn: [] },
  thresholds: { default: 0.7, 'sexual/minors': 0.2 },
  texts: { local: '内容包含违规信息', wechat: '请修改您的提问', openai: '提问涉及敏感话题', recalled: '该内容已被撤回', topic: '该话题暂不支持讨论', code: '（此处的代码在当前客户端不显示）' },
  sealTexts: false,
  retentionDays: 183,
};
