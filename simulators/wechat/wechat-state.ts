import { CallLog } from './call-log.js';
import { Clock } from './clock.js';
import { Faults } from './faults.js';
import { IssuedTokens } from './issued-tokens.js';
import { LoginCodes } from './codes.js';
import { Openids } from './openids.js';
import { PlainTokens } from './plain-tokens.js';
import { Quotas } from './quotas.js';
import { StableTokens } from './stable-tokens.js';
import { WechatApps } from './apps.js';
import { WordTable } from './word-table.js';

/** All that the simulator remembers; gone when its process ends. */
export class WechatState {
  readonly clock = new Clock();
  readonly apps = new WechatApps();
  readonly codes = new LoginCodes(this.clock);
  readonly issued = new IssuedTokens(this.clock);
  readonly stableTokens = new StableTokens(this.clock, this.issued);
  readonly plainTokens = new PlainTokens(this.clock, this.issued);
  readonly quotas = new Quotas(this.clock);
  readonly openids = new Openids(this.clock);
  readonly words = new WordTable();
  readonly faults = new Faults();
  readonly log = new CallLog();
}
