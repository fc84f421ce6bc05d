import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { CLOSED_WINDOW, type Allowance, type ReplyWindow } from './reply-window.js';

interface Row {
  readonly written_until: Date | null;
  readonly written_left: number;
  readonly entered_until: Date | null;
  readonly entered_left: number;
}

const COLUMNS = 'written_until, written_left, entered_until, entered_left';

/** The table `support_windows`: our own count of what WeChat lets us write. */
@Injectable()
export class ReplyWindowRepository {
  async read(tx: TenantTx, openid: string): Promise<ReplyWindow> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_windows WHERE tenant_id = $1 AND openid = $2`, [tx.ctx.tenantId, openid])).map(windowOf)[0] ?? CLOSED_WINDOW;
  }

  /** The window, which nobody else changes until the transaction ends. */
  async lock(tx: TenantTx, openid: string): Promise<ReplyWindow> {
    await tx.query('INSERT INTO support_windows (tenant_id, openid) VALUES ($1, $2) ON CONFLICT DO NOTHING', [tx.ctx.tenantId, openid]);
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_windows WHERE tenant_id = $1 AND openid = $2 FOR UPDATE`, [tx.ctx.tenantId, openid])).map(windowOf)[0] ?? CLOSED_WINDOW;
  }

  /** Of a window that the transaction holds. */
  async write(tx: TenantTx, openid: string, { written, entered }: ReplyWindow): Promise<void> {
    await tx.query('UPDATE support_windows SET written_until = $3, written_left = $4, entered_until = $5, entered_left = $6 WHERE tenant_id = $1 AND openid = $2', [
      tx.ctx.tenantId, openid, dateOf(written), written?.left ?? 0, dateOf(entered), entered?.left ?? 0,
    ]);
  }
}

function windowOf(row: Row): ReplyWindow {
  return { written: allowanceOf(row.written_until, row.written_left), entered: allowanceOf(row.entered_until, row.entered_left) };
}

function allowanceOf(until: Date | null, left: number): Allowance | undefined {
  return until === null ? undefined : { until: until.getTime(), left };
}

function dateOf(allowance: Allowance | undefined): Date | null {
  return allowance === undefined ? null : new Date(allowance.until);
}
