import { beijingPlain } from './clock.js';
import { yuan } from './bill-file.js';
import type { Order, TradeState } from './orders.js';

/** Nothing from elsewhere, no scripts, forms to this server only. */
export const PAGE_HEADERS = {
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

const STATES: Record<TradeState, string> = { NOTPAY: '待支付 · waiting', SUCCESS: '支付成功 · paid', REFUND: '有退款 · refunded', CLOSED: '已关闭 · closed' };

const STYLE = `
*{box-sizing:border-box}body{margin:0;background:#ededed;color:#191919;font:16px/1.5 -apple-system,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:26rem;margin:0 auto;padding:1rem}.card{background:#fff;border-radius:.75rem;padding:1.25rem;margin-bottom:1rem;overflow-wrap:anywhere}
.notice{background:#fff3cd;color:#664d03;text-align:center;padding:.6rem 1rem;font-size:.9rem}.amount{font-size:2.5rem;font-weight:600;text-align:center;margin:.5rem 0}
.middle{text-align:center}.result{font-size:1.4rem;font-weight:600;text-align:center}dl{display:grid;grid-template-columns:auto 1fr;gap:.4rem 1rem;margin:0}dt{color:#6b6b6b}dd{margin:0;text-align:right}
button{display:block;width:100%;min-height:3rem;margin-top:.75rem;border:0;border-radius:.5rem;font:inherit;cursor:pointer;background:#e3e3e3;color:#191919}
button.pay{background:#06803f;color:#fff;font-weight:600}button:focus-visible,a:focus-visible{outline:3px solid #1a73e8;outline-offset:2px}a{color:#0b57a4}small{color:#6b6b6b}
@media(prefers-color-scheme:dark){body{background:#111;color:#eee}.card{background:#1e1e1e}dt,small{color:#aaa}button{background:#333;color:#eee}a{color:#8ab4f8}}`;

/** A view of one order for the person who shall pay it. */
export interface OrderView {
  readonly order: Order;
  readonly state: TradeState;
  /** Why it cannot be paid now; undefined = it can. */
  readonly obstacle: string | undefined;
  /** Where the buttons send their choice. */
  readonly action: string;
  /** What was chosen last. */
  readonly did: string | undefined;
  /** The merchant's page to go back to. */
  readonly back: string | undefined;
}

/** The cashier's page: who asks for how much for what, and the buttons or the result. */
export function orderPage({ order, state, obstacle, action, did, back }: OrderView): string {
  const payment = order.payments[0];
  const result = resultOf(state, obstacle, did);
  return page(
    `${yuan(order.total)} 元`,
    `<section class="card"><div class="middle">${escape(order.description)}</div><div class="amount">¥${yuan(order.total)}</div>
${result === undefined ? '' : `<p class="result" role="status">${result}</p>`}
<dl><dt>商户号 merchant</dt><dd>${escape(order.merchant_id)}</dd><dt>AppID</dt><dd>${escape(order.app_id)}</dd><dt>订单号 order</dt><dd>${escape(order.out_trade_no)}</dd>
<dt>下单时间 placed</dt><dd>${beijingPlain(order.created_at)}</dd>${payment ? `<dt>交易单号 transaction</dt><dd>${escape(payment.transaction_id)}</dd><dt>实付 paid</dt><dd>¥${yuan(payment.payer_total)}</dd>` : ''}</dl></section>
${obstacle === undefined ? buttons(action) : ''}${back === undefined ? '' : `<p class="middle"><a href="${escape(back)}" rel="noreferrer">返回商户 · back to the merchant</a></p>`}
<p class="middle"><a href="/">全部订单 · all orders</a></p>`,
  );
}

function buttons(action: string): string {
  return `<form method="post" action="${escape(action)}"><button class="pay" name="outcome" value="success">支付 · Pay</button><button name="outcome" value="fail">支付失败 · Let it fail</button><button name="outcome" value="cancel">取消 · Cancel</button></form>`;
}

function resultOf(state: TradeState, obstacle: string | undefined, did: string | undefined): string | undefined {
  if (state === 'SUCCESS') return '✓ 支付成功<br><small>Paid (simulated)</small>';
  if (state !== 'NOTPAY') return STATES[state];
  if (obstacle !== undefined) return '订单已过期，不能支付<br><small>This order can no longer be paid</small>';
  if (did === 'fail') return '支付失败，可重新支付<br><small>The payment failed; try again</small>';
  return did === 'cancel' ? '已取消，可重新支付<br><small>Cancelled; try again</small>' : undefined;
}

/** The newest orders with a link each. */
export function listPage(orders: readonly { readonly order: Order; readonly state: TradeState; readonly href: string }[]): string {
  const items = orders.map(
    ({ order, state, href }) =>
      `<section class="card"><a href="${escape(href)}">${escape(order.description)}</a><div>¥${yuan(order.total)} · ${STATES[state]}</div><small>${escape(order.merchant_id)} · ${escape(order.out_trade_no)} · ${beijingPlain(order.created_at)}</small></section>`,
  );
  return page('最近的订单', `<h1 class="middle">最近的订单<br><small>The newest orders</small></h1>${items.join('\n') || '<p class="middle">还没有订单 · no orders yet</p>'}`);
}

/** A page that only says something. */
export function messagePage(chinese: string, english: string): string {
  return page(chinese, `<section class="card"><p class="result" role="alert">${escape(chinese)}<br><small>${escape(english)}</small></p></section><p class="middle"><a href="/">全部订单 · all orders</a></p>`);
}

function page(title: string, content: string): string {
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)} · 模拟支付</title><style>${STYLE}</style></head>
<body><div class="notice">模拟支付，不会扣真钱<br>This is a simulator of WeChat Pay; no real money moves.</div><main>${content}</main></body></html>`;
}

/** Text as HTML, also inside a quoted attribute. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/gu, (sign) => `&#${sign.charCodeAt(0)};`);
}
