import { stateOf } from './order.js';
import type { Order } from './order.js';

const LISTED = 50;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/gu, (character) => ESCAPES[character] as string);
const yuan = (fen: number): string => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

const STATES: Readonly<Record<string, string>> = { NOTPAY: '待支付', SUCCESS: '已支付', REFUND: '已退款', CLOSED: '已关闭' };

const STYLE = `
:root{color-scheme:light;font-family:-apple-system,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;color:#191919;background:#ededed}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:flex;justify-content:center}
main{width:100%;max-width:26rem;padding:1rem 1rem 2rem}
.note{margin:0 0 1rem;padding:.6rem .8rem;border-radius:.5rem;background:#fff7e0;color:#7a5a00;font-size:.85rem;line-height:1.5}
.card{background:#fff;border-radius:.75rem;padding:1.5rem 1.25rem;text-align:center}
.amount{font-size:2.6rem;font-weight:600;margin:.6rem 0 1.2rem;font-variant-numeric:tabular-nums}
.amount small{font-size:1.4rem}
dl{margin:0;text-align:left;font-size:.9rem;border-top:1px solid #eee;padding-top:.8rem}
dl div{display:flex;gap:1rem;padding:.25rem 0}dt{flex:none;width:4.5em;color:#888}dd{margin:0;overflow-wrap:anywhere}
button{display:block;width:100%;margin-top:.8rem;padding:.85rem;border:0;border-radius:.5rem;font:inherit;font-size:1.05rem;background:#e9e9e9;color:#191919}
button.pay{margin-top:1.25rem;background:#07c160;color:#fff;font-weight:600}button:disabled{opacity:.5}
button:focus-visible,a:focus-visible{outline:3px solid #1677ff;outline-offset:2px}
ul{list-style:none;margin:0;padding:0}li a{display:flex;justify-content:space-between;gap:1rem;padding:.9rem 1rem;background:#fff;border-bottom:1px solid #eee;color:inherit;text-decoration:none}
h1{font-size:1.1rem;margin:.2rem 0 .8rem}p.done{margin:1rem 0 0;font-weight:600}
`;

function page(title: string, body: string): string {
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(title)}</title><style>${STYLE}</style></head><body><main>
<p class="note">这是微信支付模拟器，不会扣真钱。<br>A simulator of WeChat Pay: no real money moves.</p>${body}</main></body></html>`;
}

/** Where a person plays the payer of an order. */
export function payPage(order: Order, now: number): string {
  const state = stateOf(order, now);
  const payable = state === 'NOTPAY' && now <= order.expiresAt;
  const buttons = payable
    ? '<button class="pay" data-outcome="success">支付 Pay</button><button data-outcome="fail">支付失败 Fail</button><button data-outcome="cancel">取消 Cancel</button>'
    : `<p class="done">${state === 'NOTPAY' ? '订单已过期 (expired)' : `${STATES[state]} (${state})`}</p>`;
  return page('模拟微信支付', `<section class="card"><div>${escaped(order.description)}</div><div class="amount"><small>¥</small>${yuan(order.total)}</div>
<dl><div><dt>商户号</dt><dd>${escaped(order.merchantId)}</dd></div><div><dt>订单号</dt><dd>${escaped(order.outTradeNo)}</dd></div><div><dt>方式</dt><dd>${order.channel}</dd></div></dl>
${buttons}<p class="done" id="result" role="status" aria-live="polite"></p></section>
<script>
const result = document.getElementById('result');
for (const button of document.querySelectorAll('button')) button.addEventListener('click', async () => {
  document.querySelectorAll('button').forEach((each) => { each.disabled = true; });
  const outcome = button.dataset.outcome;
  try {
    const response = await fetch('/control/pay', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ out_trade_no: ${script(order.outTradeNo)}, merchant_id: ${script(order.merchantId)}, outcome }) });
    const answer = await response.json();
    result.textContent = !response.ok ? answer.error.message : outcome === 'success' ? '✓ 支付成功 Paid' : outcome === 'fail' ? '支付失败 Failed' : '已取消 Cancelled';
    if (outcome !== 'success') document.querySelectorAll('button').forEach((each) => { each.disabled = false; });
  } catch { result.textContent = '模拟器没有回应 (no answer)'; }
});
</script>`);
}

/** The newest orders, to be paid by hand. */
export function listPage(orders: readonly Order[], now: number): string {
  const newest = [...orders].sort((a, b) => b.createdAt - a.createdAt).slice(0, LISTED);
  const rows = newest.map((order) => `<li><a href="/pay/${encodeURIComponent(order.outTradeNo)}"><span>${escaped(order.description)}<br><small>${STATES[stateOf(order, now)]}</small></span><b>¥${yuan(order.total)}</b></a></li>`);
  return page('模拟微信支付：订单', `<h1>最近的订单 Newest orders</h1>${rows.length === 0 ? '<p>还没有订单。 No orders yet.</p>' : `<ul>${rows.join('')}</ul>`}`);
}

/** A text as a literal inside a script element. */
function script(text: string): string {
  return JSON.stringify(text).replaceAll('<', '\\u003c');
}
