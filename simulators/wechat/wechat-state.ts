import { CallLog } from './call-log.js';
import { Clock } from './clock.js';
import { Consents } from './subscribe/consents.js';
import { CustomerWindows } from './customer/windows.js';
import { Faults } from './faults.js';
import { HumanSessions } from './customer/human-sessions.js';
import { Inboxes } from './inboxes.js';
import { IssuedTokens } from './issued-tokens.js';
import { LoginCodes } from './codes.js';
import { MediaChecks } from './media-checks.js';
import { Offers } from './xpay/offers.js';
import { Openids } from './openids.js';
import { Pauses } from './xpay/pauses.js';
import { PlainTokens } from './plain-tokens.js';
import { PushBook } from './push/settings.js';
import { PushSender } from './push/sender.js';
import { Quotas } from './quotas.js';
import { SessionKeys } from './session-keys.js';
import { StableTokens } from './stable-tokens.js';
import { Templates } from './subscribe/templates.js';
import { VirtualOrders } from './xpay/orders.js';
import { VirtualRefunds } from './xpay/refunds.js';
import { WechatApps } from './apps.js';
import { WordTable } from './word-table.js';
import type { DeliveredMessage } from './subscribe/delivered.js';
import type { ReceivedMessage } from './customer/received.js';

/** More digits than a double holds, as at WeChat. */
const FIRST_MSG_ID = 24_790_000_000_000_001n;
/** Fewer digits than WeChat's, so that no client rounds it: the answer of a send has it as a number. */
const FIRST_NOTICE_ID = 2_790_000_000_000_001;

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
  readonly sessionKeys = new SessionKeys();
  readonly words = new WordTable();
  readonly media = new MediaChecks();
  readonly pushBook = new PushBook();
  readonly sender = new PushSender(this.pushBook);
  readonly windows = new CustomerWindows(this.clock);
  readonly humans = new HumanSessions(this.clock);
  readonly received = new Inboxes<ReceivedMessage>();
  readonly templates = new Templates();
  readonly consents = new Consents();
  readonly delivered = new Inboxes<DeliveredMessage>();
  readonly offers = new Offers(this.clock);
  readonly virtualOrders = new VirtualOrders(this.clock);
  readonly virtualRefunds = new VirtualRefunds(this.clock, this.virtualOrders);
  readonly pauses = new Pauses();
  readonly faults = new Faults();
  readonly log = new CallLog();
  #msgId = FIRST_MSG_ID;
  #noticeId = FIRST_NOTICE_ID;

  /** The id of a user's next message. */
  nextMsgId(): bigint {
    const id = this.#msgId;
    this.#msgId += 1n;
    return id;
  }

  /** The id of the next subscribe message. */
  nextNoticeId(): number {
    const id = this.#noticeId;
    this.#noticeId += 1;
    return id;
  }

  /** Ends what is under way. */
  close(): void {
    this.media.close();
    this.sender.close();
    this.pauses.close();
  }
}
