import type { Credits, Fen } from '../../platform/values/index.js';
import type { PayChannel } from '../../wechat/index.js';

/** What a tenant sells: so many credits, and some on top, for a price. */
export interface Package {
  readonly id: string;
  readonly name: string;
  readonly price: Fen;
  readonly credits: Credits;
  readonly bonusCredits: Credits;
  /** How often one user may buy it; undefined: without a limit. */
  readonly perUserLimit: number | undefined;
  readonly channels: readonly PayChannel[];
  readonly active: boolean;
  /** Lists show the smallest first. */
  readonly position: number;
}

export type PackageDraft = Omit<Package, 'id'>;
export const CHANNELS: readonly PayChannel[] = ['jsapi', 'native', 'h5'];
