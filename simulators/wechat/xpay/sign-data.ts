import { isObject } from '../../http/json-object.js';
import { MOST_FEN } from './offers.js';
import type { ClientError } from './client-error.js';

const OUT_TRADE_NO = /^(?!_)[\w\-|*@]{8,32}$/u;

/** What a mini program asks the user to pay for. Prices in fen, for one item. */
export interface SignData {
  readonly offerId: string;
  readonly env: 0 | 1;
  readonly quantity: number;
  readonly productId: string;
  readonly goodsPrice: number;
  /** What is paid instead of the price, if anything. */
  readonly sellingPrice: number | undefined;
  readonly outTradeNo: string;
  readonly attach: string;
}

/** Reads the `signData` of goods. A wrong type is −15016, a value that cannot be meant −15001, another currency −15004. Fields that are not known are passed over. */
export function readSignData(text: string): SignData | ClientError {
  const data = parse(text);
  if (!data) return { errCode: -15016, reason: 'signData is no JSON object' };
  const { offerId, buyQuantity, env = 0, currencyType, productId, goodsPrice, activitySellingPrice: sellingPrice, outTradeNo, attach = '' } = data;
  if (!areTexts(offerId, currencyType, productId, outTradeNo, attach)) return { errCode: -15016, reason: 'a text of signData is missing or no string' };
  if (!areCounts(buyQuantity, goodsPrice) || (sellingPrice !== undefined && !areCounts(sellingPrice))) return { errCode: -15016, reason: 'a number of signData is missing or no integer' };
  if (env !== 0 && env !== 1) return { errCode: -15016, reason: 'env must be 0 or 1' };
  if (currencyType !== 'CNY') return { errCode: -15004, reason: 'currencyType must be CNY' };
  if (!OUT_TRADE_NO.test(outTradeNo as string)) return { errCode: -15001, reason: 'outTradeNo' };
  const [quantity, price] = [buyQuantity as number, goodsPrice as number];
  if (quantity < 1 || price < 1 || quantity * price > MOST_FEN) return { errCode: -15001, reason: 'buyQuantity' };
  return { offerId: offerId as string, env, quantity, productId: productId as string, goodsPrice: price, sellingPrice: sellingPrice as number | undefined, outTradeNo: outTradeNo as string, attach: attach as string };
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function areTexts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'string');
}

function areCounts(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === 'number' && Number.isInteger(value));
}
