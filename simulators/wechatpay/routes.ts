import { ApiError } from './api-error.js';
import { PRODUCTS } from './prepay-fields.js';
import { downloadBill, offerBill } from './bills.js';
import { listCertificates } from './certificates.js';
import { closeOrder, queryById, queryByNumber } from './transactions.js';
import { placeOrder } from './prepay.js';
import { queryRefund, requestRefund } from './refund-rules.js';
import type { Merchant } from './merchants.js';
import type { PayState } from './pay-state.js';

/** A request whose signature is good. */
export interface Call {
  readonly state: PayState;
  readonly merchant: Merchant;
  /** The value in the path. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown>;
}

/** What is answered: JSON, a file, or nothing at all (204). */
export type Answer = { readonly json: Record<string, unknown> } | { readonly file: Buffer; readonly gzip: boolean } | undefined;

export interface Route {
  readonly method: 'GET' | 'POST';
  /** `{}` stands for one value; also the route's name in the counters. */
  readonly path: string;
  readonly answer: (call: Call) => Answer;
}

export const ROUTES: readonly Route[] = [
  ...PRODUCTS.map((product): Route => ({
    method: 'POST',
    path: `/v3/pay/transactions/${product}`,
    answer: ({ state, merchant, body }) => ({ json: placeOrder(state, merchant, product, body) }),
  })),
  { method: 'GET', path: '/v3/pay/transactions/out-trade-no/{}', answer: ({ state, merchant, name, query }) => ({ json: queryByNumber(state, merchant, name, query) }) },
  { method: 'GET', path: '/v3/pay/transactions/id/{}', answer: ({ state, merchant, name, query }) => ({ json: queryById(state, merchant, name, query) }) },
  {
    method: 'POST',
    path: '/v3/pay/transactions/out-trade-no/{}/close',
    answer: ({ state, merchant, name, body }) => {
      closeOrder(state, merchant, name, body);
      return undefined;
    },
  },
  { method: 'POST', path: '/v3/refund/domestic/refunds', answer: ({ state, merchant, body }) => ({ json: requestRefund(state, merchant, body) }) },
  { method: 'GET', path: '/v3/refund/domestic/refunds/{}', answer: ({ state, merchant, name }) => ({ json: queryRefund(state, merchant, name) }) },
  { method: 'GET', path: '/v3/certificates', answer: ({ state, merchant, query }) => ({ json: listCertificates(state, merchant, query) }) },
  { method: 'GET', path: '/v3/bill/tradebill', answer: ({ state, merchant, query }) => ({ json: offerBill(state, merchant, query) }) },
  { method: 'GET', path: '/v3/billdownload/file', answer: ({ state, merchant, query }) => downloadBill(state, merchant, query) },
];

export interface Matched {
  readonly route: Route;
  readonly name: string;
}

/** The route of a request. Throws {@link ApiError}: 404 for an unknown path, 405 for another method. */
export function matchRoute(method: string, path: string): Matched {
  let isKnown = false;
  for (const route of ROUTES) {
    const name = valueIn(route.path, path);
    if (name === undefined) continue;
    if (route.method === method) return { route, name };
    isKnown = true;
  }
  throw isKnown ? new ApiError('INVALID_REQUEST', '不支持的请求方法', { status: 405 }) : new ApiError('RESOURCE_NOT_EXISTS', '请求的URL不存在');
}

function valueIn(pattern: string, path: string): string | undefined {
  const [before, after] = pattern.split('{}') as [string, string?];
  if (after === undefined) return path === before ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after) || path.length <= before.length + after.length) return undefined;
  const value = path.slice(before.length, path.length - after.length);
  if (value.includes('/')) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
