import { ControlError } from '../control-error.js';
import { booleanOf, integerOf, textOf } from '../control-fields.js';
import type { Clock } from '../clock.js';

const MOST_APPS = 10_000;
const MOST_GOODS = 1_000;
const LONGEST_MS = 86_400_000;
/** The largest amount that is taken, in fen: 1 million yuan. */
export const MOST_FEN = 100_000_000;
const KEYS = ['productId', 'price', 'publishMs'];

/** The virtual payment of an app, as its console has it. */
export interface Offer {
  readonly offerId: string;
  readonly appKey: string;
  readonly sandboxAppKey: string;
  /** Apple's payment is switched on. */
  readonly ios: boolean;
  /** Whether the sandbox pushes deliveries; the original's may not. */
  readonly sandboxPushes: boolean;
  /** How long until what was not taken is pushed again, milliseconds. The original's is not known. */
  readonly repeatMs: number;
  /** How long a refund takes, milliseconds. */
  readonly refundMs: number;
  /** Refunds that end from now on fail. */
  readonly refundsFail: boolean;
  /** Whether the end of a refund is pushed, or lost. */
  readonly refundPushes: boolean;
  /** Pushes have their numbers as texts, as some of the original's do. */
  readonly numbersAsTexts: boolean;
}

/** A published 道具. */
export interface Goods {
  readonly productId: string;
  /** Fen. */
  readonly price: number;
  /** Since when it can be bought: publishing takes minutes. */
  readonly publishedAt: number;
}

/** The virtual payment of every app: its keys and its goods. */
export class Offers {
  readonly #clock: Clock;
  readonly #offers = new Map<string, Offer>();
  readonly #goods = new Map<string, readonly Goods[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The virtual payment of an app; undefined where it has none. */
  of(appid: string): Offer | undefined {
    return this.#offers.get(appid);
  }

  /** Takes the form of a registered app as a whole. Throws ControlError; the old one stays then. */
  set(appid: string, body: Readonly<Record<string, unknown>>): Offer {
    const { ios = true, sandboxPushes = false, repeatMs = 5_000, refundMs = 300, refundsFail = false, refundPushes = true, numbersAsTexts = false, appKey, sandboxAppKey = `${textOf(appKey, 'appKey')}-sandbox` } = body;
    if (this.#offers.size >= MOST_APPS && !this.#offers.has(appid)) throw new ControlError(507, 'Too many offers.');
    const offer: Offer = {
      offerId: textOf(body['offerId'], 'offerId'),
      appKey: textOf(appKey, 'appKey'),
      sandboxAppKey: textOf(sandboxAppKey, 'sandboxAppKey'),
      ios: booleanOf(ios, 'ios'),
      sandboxPushes: booleanOf(sandboxPushes, 'sandboxPushes'),
      repeatMs: integerOf(repeatMs, 'repeatMs', 0, LONGEST_MS),
      refundMs: integerOf(refundMs, 'refundMs', 0, LONGEST_MS),
      refundsFail: booleanOf(refundsFail, 'refundsFail'),
      refundPushes: booleanOf(refundPushes, 'refundPushes'),
      numbersAsTexts: booleanOf(numbersAsTexts, 'numbersAsTexts'),
    };
    this.#offers.set(appid, offer);
    return offer;
  }

  /** All goods that an app published, also those that cannot be bought yet. */
  goodsOf(appid: string): readonly Goods[] {
    return this.#goods.get(appid) ?? [];
  }

  /** The goods of this id: −15010 where there are none, −15014 while they are not published yet. */
  find(appid: string, productId: string): Goods | -15010 | -15014 {
    const goods = this.goodsOf(appid).find((one) => one.productId === productId);
    if (!goods) return -15010;
    return goods.publishedAt > this.#clock.now() ? -15014 : goods;
  }

  /** Publishes goods in place of those before; each can be bought `publishMs` from now. Throws ControlError. */
  publish(appid: string, goods: unknown): readonly Goods[] {
    if (!this.#offers.has(appid)) throw new ControlError(404, 'This app has no virtual payment.');
    if (!Array.isArray(goods) || goods.length > MOST_GOODS) throw new ControlError(400, `"goods" must be a list of at most ${MOST_GOODS}.`);
    const published = goods.map((one) => this.#parse(one));
    this.#goods.set(appid, published);
    return published;
  }

  #parse(value: unknown): Goods {
    if (typeof value !== 'object' || value === null) throw new ControlError(400, 'Goods must be a JSON object.');
    const unknown = Object.keys(value).find((key) => !KEYS.includes(key));
    if (unknown !== undefined) throw new ControlError(400, `Unknown field "${unknown}" of goods.`);
    const { productId, price, publishMs = 0 } = value as Readonly<Record<string, unknown>>;
    return { productId: textOf(productId, 'productId'), price: integerOf(price, 'price', 1, MOST_FEN), publishedAt: this.#clock.now() + integerOf(publishMs, 'publishMs', 0, LONGEST_MS) };
  }
}

/** The key of an environment: 0 is live, 1 the sandbox. */
export function keyOf({ appKey, sandboxAppKey }: Offer, env: 0 | 1): string {
  return env === 0 ? appKey : sandboxAppKey;
}
