import { spawn } from 'node:child_process';
import { join } from 'node:path';
import pg from 'pg';
import { must } from './client.js';
import { PACKAGE, SIGNUP, type Shop } from './shop.js';
import type { ChaosStand } from './stand.js';
import type { Told } from './traffic.js';

/** One comparison: how many things were compared, and those that differ. */
export interface Line {
  readonly what: string;
  readonly compared: number;
  readonly differences: readonly string[];
}

interface Trade { readonly out_trade_no: string; readonly total: number; readonly payments: readonly { readonly transaction_id: string }[] }
interface Given { readonly out_refund_no: string; readonly refund: number; readonly status: string }
interface OrderRow { readonly number: string; readonly state: string; readonly total: number; readonly refunded: number; readonly transaction_id: string | null }
interface RefundRow { readonly number: string; readonly state: string; readonly amount: number }
interface RunRow { readonly id: string; readonly state: string; readonly credits: string | null; readonly charge_state: string | null; readonly answer: string | null; readonly question: string }

/** Compares what the outside world says happened with what the books say. */
export class Reckoning {
  constructor(private readonly stand: ChaosStand, private readonly shops: readonly Shop[], private readonly told: readonly Told[]) {}

  async lines(): Promise<readonly Line[]> {
    const client = new pg.Client({ connectionString: this.stand.databaseUrl });
    await client.connect();
    try {
      const lines = [...(await this.payments(client)), ...(await this.answers(client)), await this.wallets(client), await this.audit()];
      return lines;
    } finally {
      await client.end();
    }
  }

  /** The simulator's payments and refunds against orders and refunds. */
  private async payments(client: pg.Client): Promise<readonly Line[]> {
    const record = (await must('GET', `${this.stand.simulators.wechatpay}/control/record`)) as { orders: Trade[]; refunds: Given[] };
    const orders = (await client.query<OrderRow>(`SELECT out_trade_no AS number, state, total_fen::int AS total, refunded_fen::int AS refunded, transaction_id FROM orders`)).rows;
    const refunds = (await client.query<RefundRow>(`SELECT out_refund_no AS number, state, amount_fen::int AS amount FROM refunds`)).rows;
    const here = new Map(orders.map((order) => [order.number, order]));
    const paid = record.orders.filter((trade) => trade.payments.length > 0);
    const paidThere = new Set(paid.map((trade) => trade.out_trade_no));
    const given = record.refunds.filter((refund) => refund.status === 'SUCCESS');
    const refundsHere = new Map(refunds.map((refund) => [refund.number, refund]));
    const givenThere = new Set(given.map((refund) => refund.out_refund_no));
    return [
      {
        what: 'payments at WeChat are paid orders here', compared: paid.length,
        differences: paid.flatMap((trade) => {
          const order = here.get(trade.out_trade_no);
          const good = order !== undefined && ['paid', 'partly_refunded', 'refunded'].includes(order.state) && order.total === trade.total && order.transaction_id === trade.payments[0]?.transaction_id;
          return good ? [] : [`${trade.out_trade_no}: ${trade.total} fen paid, here ${order?.state ?? 'unknown'} ${order?.total ?? ''}`];
        }),
      },
      { what: 'paid orders here were paid at WeChat', compared: orders.length, differences: orders.filter((order) => order.transaction_id !== null && !paidThere.has(order.number)).map((order) => `${order.number} ${order.state}`) },
      {
        what: 'refunds at WeChat succeeded here', compared: given.length,
        differences: given.flatMap((refund) => {
          const own = refundsHere.get(refund.out_refund_no);
          return own?.state === 'succeeded' && own.amount === refund.refund ? [] : [`${refund.out_refund_no}: ${refund.refund} fen, here ${own?.state ?? 'unknown'} ${own?.amount ?? ''}`];
        }),
      },
      { what: 'refunds here are over, and were made at WeChat', compared: refunds.length, differences: refunds.filter((refund) => (refund.state === 'succeeded' ? !givenThere.has(refund.number) : refund.state !== 'failed')).map((refund) => `${refund.number} ${refund.state}`) },
      {
        what: 'fen: WeChat’s balance and the cash account', compared: 1,
        differences: await this.cash(client, paid.reduce((sum, trade) => sum + trade.total, 0) - given.reduce((sum, refund) => sum + refund.refund, 0)),
      },
    ];
  }

  private async cash(client: pg.Client, expected: number): Promise<readonly string[]> {
    const cash = (await client.query<{ cash: string }>(`SELECT coalesce(sum(credits_posted - debits_posted), 0)::text AS cash FROM accounts WHERE kind = 'cash'`)).rows[0]?.cash;
    return cash === String(expected) ? [] : [`WeChat ${expected}, here ${cash}`];
  }

  /** Every run against the words that were kept, what the model's simulator produced for it, and what the client was told. One word is one token is one credit. */
  private async answers(client: pg.Client): Promise<readonly Line[]> {
    const produced = new Map(Object.entries((await must('GET', `${new URL(this.stand.simulators.openai).origin}/control/counters`)).tokensByTag as Record<string, number[]>));
    const runs = (await client.query<RunRow>(`
      SELECT r.id, r.state, c.credits::text, c.state AS charge_state,
        (SELECT m.content FROM messages m WHERE m.tenant_id = r.tenant_id AND m.conversation_id = r.conversation_id AND m.run_id = r.id AND m.role = 'assistant') AS answer,
        (SELECT m.content FROM messages m WHERE m.tenant_id = r.tenant_id AND m.conversation_id = r.conversation_id AND m.run_id = r.id AND m.role = 'user') AS question
      FROM runs r LEFT JOIN charges c ON c.tenant_id = r.tenant_id AND c.run_id = r.id`)).rows;
    const byId = new Map(runs.map((run) => [run.id, run]));
    const tags = runs.map((run) => tagOf(run.question));
    return [
      { what: 'no run is left open, none unsettled', compared: runs.length, differences: runs.filter((run) => run.state === 'opened' || run.charge_state !== 'settled').map((run) => `${run.id} ${run.state} ${run.charge_state}`) },
      { what: 'credits charged are the words kept', compared: runs.length, differences: runs.filter((run) => Number(run.credits) !== wordsOf(run.answer)).map((run) => `${run.id} ${run.state}: ${run.credits} credits, ${wordsOf(run.answer)} words`) },
      {
        what: 'finished answers are all that the model produced', compared: runs.filter((run) => run.state === 'finished').length,
        differences: runs.filter((run) => run.state === 'finished' && !(produced.get(tagOf(run.question)) ?? []).includes(wordsOf(run.answer))).map((run) => `${run.id}: ${wordsOf(run.answer)} words, produced ${produced.get(tagOf(run.question))?.join(' and ')}`),
      },
      {
        what: 'no answer is longer than what was produced', compared: runs.length,
        differences: runs.filter((run) => wordsOf(run.answer) > Math.max(0, ...(produced.get(tagOf(run.question)) ?? []))).map((run) => `${run.id}: ${wordsOf(run.answer)} words, produced ${produced.get(tagOf(run.question))?.join(' and ')}`),
      },
      { what: 'no question was answered by two runs', compared: tags.length, differences: tags.filter((tag, at) => tags.indexOf(tag) !== at) },
      {
        what: 'what clients saw is what was kept and charged', compared: this.told.length,
        differences: this.told.flatMap(({ runId, words, credits }) => {
          const run = byId.get(runId);
          return run !== undefined && wordsOf(run.answer) === words && (credits === undefined || credits === Number(run.credits)) ? [] : [`${runId}: saw ${words} words for ${credits}, kept ${wordsOf(run?.answer ?? null)} for ${run?.credits}`];
        }),
      },
    ];
  }

  /** Each wallet from the outside: what was given and bought, less what was said and refunded. */
  private async wallets(client: pg.Client): Promise<Line> {
    const differences: string[] = [];
    const buyers = this.shops.flatMap((shop) => shop.buyers);
    for (const buyer of buyers) {
      const [row] = (await client.query<{ bought: string; spent: string; returned: string; balance: string; granted: string }>(`
        SELECT (SELECT count(*) FROM orders WHERE user_id = $1 AND paid_at IS NOT NULL)::text AS bought, (SELECT coalesce(sum(credits), 0) FROM charges WHERE user_id = $1)::text AS spent,
          (SELECT coalesce(sum(held_credits), 0) FROM refunds WHERE user_id = $1 AND state = 'succeeded')::text AS returned,
          (SELECT coalesce(sum(credits_posted - debits_posted - debits_pending), 0) FROM accounts WHERE owner_id = $1)::text AS balance,
          (SELECT count(*) FROM accounts WHERE owner_id = $1 AND kind = 'grant')::text AS granted`, [buyer.id])).rows;
      const expected = Number(row?.granted) * SIGNUP + Number(row?.bought) * (PACKAGE.credits + PACKAGE.bonus_credits) - Number(row?.spent) - Number(row?.returned);
      if (Number(row?.granted) > 1 || String(expected) !== row?.balance) differences.push(`${buyer.id}: expected ${expected}, has ${row?.balance} (${row?.granted} grants)`);
    }
    return { what: 'wallets are grants and packages less words and refunds', compared: buyers.length, differences };
  }

  private async audit(): Promise<Line> {
    const child = spawn(process.execPath, [join(this.stand.root, 'dist', 'src', 'audit.js')], { env: { PATH: process.env['PATH'], ...this.stand.commandEnv }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((done) => child.on('close', done));
    return { what: 'npm run audit', compared: 11, differences: code === 0 ? [] : output.split('\n').filter((line) => !line.startsWith('✓')) };
  }
}

function wordsOf(answer: string | null): number {
  return (answer ?? '').split(' ').filter((word) => word !== '').length;
}

function tagOf(question: string): string {
  return /"tag":"([^"]+)"/.exec(question)?.[1] ?? question;
}
