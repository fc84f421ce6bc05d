import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { call, persist } from './client.js';
import type { Buyer, Shop } from './shop.js';
import type { ChaosStand } from './stand.js';

/** What a client was told of an answer that it saw to its end. */
export interface Told {
  readonly runId: string;
  readonly words: number;
  readonly credits: number | undefined;
}

/** People who chat, leave, stop, buy, abandon, come back, and staff who refund, all at random, while things die around them. */
export class Traffic {
  readonly told: Told[] = [];
  readonly counts = { chats: 0, left: 0, stopped: 0, orders: 0, paid: 0, refunds: 0, unanswered: 0 };
  private running = true;
  private readonly jobs: Promise<void>[] = [];

  constructor(private readonly stand: ChaosStand, private readonly shops: readonly Shop[]) {}

  start(): void {
    for (const shop of this.shops) {
      for (const buyer of shop.buyers) this.jobs.push(this.repeat(() => this.live(shop, buyer)));
      this.jobs.push(this.repeat(() => this.refundSomething(shop)));
    }
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.jobs);
  }

  private async repeat(act: () => Promise<void>): Promise<void> {
    while (this.running) {
      await act();
      await sleep(20 + Math.random() * 150);
    }
  }

  private live(shop: Shop, buyer: Buyer): Promise<void> {
    const dice = Math.random();
    if (dice < 0.75) return this.chat(buyer);
    if (dice < 0.95) return this.buy(shop, buyer);
    return call('GET', `${this.stand.url}/v1/wallet`, { token: buyer.token }).then(() => undefined);
  }

  private async chat(buyer: Buyer): Promise<void> {
    this.counts.chats += 1;
    const conversation = (await call('POST', `${this.stand.url}/v1/conversations`, { token: buyer.token, body: {} })).body?.id as string | undefined;
    if (conversation === undefined) {
      this.counts.unanswered += 1;
      return;
    }
    const words = 3 + Math.floor(Math.random() * 60);
    const fault = Math.random() < 0.1 ? { reset: 'mid', afterTokens: Math.floor(words / 2) } : {};
    const content = `说 [[sim ${JSON.stringify({ text: Array<string>(words).fill('hello').join(' '), firstTokenMs: Math.random() * 200, gapMs: Math.random() * 25, tag: randomUUID(), ...fault })}]]`;
    const key = randomUUID();
    // The same question with the same key, until somebody answers it: at most one answer may be made and paid.
    for (let attempt = 0; attempt < 3; attempt += 1) if (await this.answer(buyer, conversation, content, key)) return;
    this.counts.unanswered += 1;
  }

  /** True when the answer was seen, or was left on purpose. */
  private async answer(buyer: Buyer, conversation: string, content: string, key: string): Promise<boolean> {
    const leave = new AbortController();
    const timer = setTimeout(() => leave.abort(), 15_000);
    try {
      const response = await fetch(`${this.stand.url}/v1/conversations/${conversation}/messages?format=sse`, {
        method: 'POST', signal: leave.signal, headers: { 'content-type': 'application/json', authorization: `Bearer ${buyer.token}`, 'idempotency-key': key }, body: JSON.stringify({ content }),
      });
      const runId = response.headers.get('x-run-id');
      if (response.status === 402) return true;
      if (!response.ok || runId === null) return false;
      const mood = Math.random();
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString('utf8');
        if (mood < 0.15 && text.includes('event: delta')) {
          this.counts.left += 1;
          leave.abort();
          return true;
        }
        if (mood > 0.9 && text.includes('event: delta')) {
          this.counts.stopped += 1;
          void call('POST', `${this.stand.url}/v1/runs/${runId}/stop`, { token: buyer.token });
        }
      }
      return this.hear(runId, text);
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }

  private hear(runId: string, text: string): boolean {
    const events = text.split('\n\n').map((block) => ({ name: /^event: (.*)$/m.exec(block)?.[1], data: /^data: (.*)$/m.exec(block)?.[1] }));
    const end = events.find((event) => event.name === 'done');
    if (end?.data === undefined) return events.some((event) => event.name === 'error');
    const words = events.filter((event) => event.name === 'delta').map((event) => (JSON.parse(event.data ?? '{}') as { content: string }).content).join('');
    this.told.push({ runId, words: words.split(' ').filter((word) => word !== '').length, credits: (JSON.parse(end.data) as { credits?: number }).credits });
    return true;
  }

  private async buy(shop: Shop, buyer: Buyer): Promise<void> {
    this.counts.orders += 1;
    const until = Date.now() + 10_000;
    const channel = Math.random() < 0.5 ? 'native' : 'jsapi';
    const made = await persist('POST', `${this.stand.url}/v1/orders`, { token: buyer.token, body: { package_id: shop.packageId, channel }, headers: { 'idempotency-key': randomUUID() } }, until);
    const id = made.body?.id as string | undefined;
    if (made.status !== 200 || id === undefined || Math.random() < 0.2) return;
    const paid = await call('POST', `${this.stand.simulators.wechatpay}/control/pay`, { body: { out_trade_no: id.replaceAll('-', ''), merchant_id: shop.merchantId, notify: Math.random() < 0.7 } });
    if (paid.status !== 200) return;
    this.counts.paid += 1;
    if (Math.random() < 0.5) await call('GET', `${this.stand.url}/v1/orders/${id}`, { token: buyer.token });
    if (Math.random() < 0.3) await call('POST', `${this.stand.simulators.wechatpay}/control/notify`, { body: { out_trade_no: id.replaceAll('-', ''), times: 5, parallel: true } });
  }

  private async refundSomething(shop: Shop): Promise<void> {
    await sleep(400 + Math.random() * 800);
    const place = `${this.stand.url}/admin/v1/tenants/${shop.tenantId}/orders`;
    const { body } = await call('GET', `${place}?limit=50&state=paid`, { token: shop.staff });
    const orders = (body?.data ?? []) as { id: string }[];
    const order = orders[Math.floor(Math.random() * orders.length)];
    if (order === undefined) return;
    const wish = { reason: '混沌', ...(Math.random() < 0.5 ? { amount_fen: 1 + Math.floor(Math.random() * 900) } : {}), ...(Math.random() < 0.5 ? { override_reason: '混沌' } : {}) };
    const key = randomUUID();
    // Two of the staff at once, with one key; and sometimes a third with another.
    const answers = await Promise.all([key, key, ...(Math.random() < 0.3 ? [randomUUID()] : [])].map((each) => persist('POST', `${place}/${order.id}/refunds`, { token: shop.staff, body: wish, headers: { 'idempotency-key': each } }, Date.now() + 5_000)));
    if (answers.some((answer) => answer.status === 201)) this.counts.refunds += 1;
  }
}
