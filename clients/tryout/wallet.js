// The wallet of the try-out page: what is left, where it went, and a top-up that is paid at the simulator.
import { call, json } from './api.js';

const $ = (id) => document.getElementById(id);
const REASONS = { run: '对话', signup: '新人赠送', daily: '每日赠送', grant_expired: '赠送到期', topup: '充值', refund: '退款', repair: '人工调整' };
const STATES = { created: '等待下单', prepaid: '等待支付…', paid: '支付成功，点数已到账', closed: '订单已关闭', partly_refunded: '已部分退款', refunded: '已退款' };
/** How long, and how often, an order is asked about after its page was opened. */
const WATCH_MS = 5 * 60_000;
const PAUSE_MS = 2_500;

let tools;
let watched;

const number = (value) => Number(value).toLocaleString('zh-CN');
const yuan = (fen) => `¥${(Number(fen) / 100).toFixed(2)}`;

export async function refreshBalance() {
  const wallet = await json('GET', '/v1/wallet');
  $('balance').textContent = `${number(wallet.balance)} 点`;
  return wallet;
}

export function closeWallet() {
  watched = undefined;
  if ($('sheet').open) $('sheet').close();
}

export function wireWallet(given) {
  tools = given;
  $('wallet').addEventListener('click', tools.guarded(async () => {
    tools.onOpen();
    $('order').hidden = true;
    $('sheet').showModal();
    await show();
  }));
  $('sheet-close').addEventListener('click', closeWallet);
  $('sheet').addEventListener('close', () => { watched = undefined; });
  $('export-usage').addEventListener('click', tools.guarded(exportUsage));
}

async function show() {
  const [wallet, packages, transfers] = await Promise.all([refreshBalance(), json('GET', '/v1/packages'), json('GET', '/v1/wallet/transfers?limit=10')]);
  $('wallet-balance').textContent = number(wallet.balance);
  const [soonest] = wallet.expiring;
  $('wallet-detail').textContent = [wallet.held > 0 && `占用 ${number(wallet.held)}`, soonest && `其中 ${number(soonest.credits)} 点 ${new Date(soonest.expires_at).toLocaleDateString('zh-CN')} 到期`, wallet.low_balance && '余额偏低'].filter(Boolean).join(' · ');
  $('packages').replaceChildren(...packages.data.map(offer));
  if (packages.data.length === 0) $('packages').append(tools.element('li', 'none', '暂无套餐'));
  $('transfers').replaceChildren(...transfers.data.map(movement));
}

function offer(item) {
  const entry = tools.element('li');
  const button = tools.element('button');
  button.type = 'button';
  const bonus = item.bonus_credits > 0 ? ` + 赠 ${number(item.bonus_credits)}` : '';
  button.append(tools.element('span', 'name', item.name), tools.element('b', '', yuan(item.price_fen)), tools.element('small', '', `${number(item.credits)}${bonus} 点`));
  button.addEventListener('click', tools.guarded(() => buy(item.id)));
  entry.append(button);
  return entry;
}

function movement(row) {
  const entry = tools.element('li');
  entry.append(
    tools.element('span', '', REASONS[row.reason] ?? row.reason), tools.element('time', '', new Date(row.at).toLocaleString('zh-CN', { month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' })),
    tools.element('b', row.direction, `${row.direction === 'in' ? '+' : '−'}${number(row.credits)}`),
  );
  return entry;
}

async function buy(packageId) {
  const order = await json('POST', '/v1/orders', { package_id: packageId, channel: 'native' });
  const link = tools.element('a', 'primary', `去模拟支付 ${yuan(order.total_fen)}`);
  link.href = `/tryout/pay/${order.id.replaceAll('-', '')}`;
  link.target = '_blank';
  link.rel = 'noopener';
  $('order').replaceChildren(tools.element('span', '', STATES[order.state]), link);
  $('order').hidden = false;
  $('order').scrollIntoView({ block: 'nearest' });
  void tools.guarded(() => watch(order.id))();
}

/** Asks until the order is over, the sheet is closed or another one is watched. */
async function watch(id) {
  watched = id;
  for (const until = Date.now() + WATCH_MS; watched === id && Date.now() < until;) {
    const order = await json('GET', `/v1/orders/${id}`);
    if (watched !== id) return;
    $('order').firstChild.textContent = STATES[order.state] ?? order.state;
    if (order.state !== 'created' && order.state !== 'prepaid') {
      $('order').querySelector('a')?.remove();
      return show();
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

async function exportUsage() {
  const file = await (await call('GET', '/v1/usage/export')).blob();
  const link = tools.element('a');
  link.href = URL.createObjectURL(file);
  link.download = 'bailiao-usage.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}
