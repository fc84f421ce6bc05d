import { chinaTime } from '../../platform/values/index.js';
import type { Rung, SanctionKind, SanctionState } from './ladder.js';

/** What was done to a user who wrote what is not allowed. */
export interface Sanction {
  readonly id: string;
  readonly userId: string;
  readonly kind: SanctionKind;
  readonly state: SanctionState;
  /** For staff, and for the user. */
  readonly reason: string;
  /** The run whose refusal brought it about; undefined for one by hand. */
  readonly runId: string | undefined;
  /** Staff who imposed it; undefined: a rule. */
  readonly imposedBy: string | undefined;
  readonly createdAt: Date;
  /** End of a mute. */
  readonly until: Date | undefined;
  /** Of a mute that holds while people decide about a ban: that ban. */
  readonly besideId: string | undefined;
  /** Who refused or lifted it, and when. */
  readonly endedBy: string | undefined;
  readonly endedAt: Date | undefined;
}

/** A sanction that is to be imposed. `confirmed`: without asking people whether a ban is right. */
export interface SanctionDraft {
  readonly userId: string;
  readonly kind: SanctionKind;
  readonly reason: string;
  readonly runId?: string | undefined;
  readonly muteSeconds?: number | undefined;
  readonly besideId?: string | undefined;
  readonly confirmed: boolean;
  /** The ladder imposes it, whoever's work it follows from. */
  readonly byRule: boolean;
}

/** A user whose standing a transaction changed, to be told to all nodes after its commit. */
export interface StandingEffect {
  readonly userId: string;
  readonly became: 'banned' | 'other';
}

/** What the user reads of a sanction; undefined for a ban, which every refusal tells. */
export function noticeOf(sanction: Pick<Sanction, 'kind' | 'until'>): { readonly kind: 'warned' | 'muted'; readonly text: string } | undefined {
  if (sanction.kind === 'warn') return { kind: 'warned', text: '你近期多次发送违规内容或使模型生成违规内容，请遵守使用规范；继续违规将被禁言或封禁。如有异议可以申诉。' };
  if (sanction.kind === 'mute' && sanction.until !== undefined) return { kind: 'muted', text: `你已被禁言至 ${chinaTime(sanction.until.getTime())}（北京时间），期间不能提问。如有异议可以申诉。` };
  return undefined;
}

/** Why a rule imposed it, in words. */
export function reasonOf(rung: Rung): string {
  const hours = rung.withinSeconds / 3_600;
  return `${Number.isInteger(hours) ? `${hours} 小时` : `${rung.withinSeconds} 秒`}内 ${rung.count} 条消息违规`;
}
