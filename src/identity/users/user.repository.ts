import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { nowDate } from '../../platform/values/index.js';
import { LessThan, Not } from 'typeorm';
import { UserEntity } from './user.entity.js';
import type { Standing, User } from './user.js';

/** The table `users`. */
@Injectable()
export class UserRepository {
  /** The user of this openid, made under `id` when there is none. Safe against two first logins at once. */
  async upsertByOpenid(tx: TenantTx, id: string, openid: string, unionid: string | undefined): Promise<User> {
    const rows = await tx.query<{ id: string }>(
      `INSERT INTO users AS u (tenant_id, id, openid, unionid) VALUES ($1, $2, $3, $4)
       ON CONFLICT (tenant_id, openid) DO UPDATE SET unionid = coalesce(excluded.unionid, u.unionid),
         last_login_at = CASE u.standing WHEN 'active' THEN now() ELSE u.last_login_at END
       RETURNING id`,
      [tx.ctx.tenantId, id, openid, unionid ?? null],
    );
    const user = rows[0] === undefined ? undefined : await this.byId(tx, rows[0].id);
    if (user === undefined) throw new Error('a user that was just written is not there');
    return user;
  }

  async byId(tx: TenantTx, id: string): Promise<User | undefined> {
    const row = await tx.manager.findOneBy(UserEntity, { tenantId: tx.ctx.tenantId, id });
    return row === null ? undefined : userOf(row);
  }

  async idOfOpenid(tx: TenantTx, openid: string): Promise<string | undefined> {
    return (await tx.query<{ id: string }>('SELECT id FROM users WHERE tenant_id = $1 AND openid = $2', [tx.ctx.tenantId, openid]))[0]?.id;
  }

  /** Newest first, after the row `before`. */
  async list(tx: TenantTx, before: string | undefined, count: number): Promise<readonly User[]> {
    const where = { tenantId: tx.ctx.tenantId, ...(before === undefined ? {} : { id: LessThan(before) }) };
    return (await tx.manager.find(UserEntity, { where, order: { id: 'DESC' }, take: count })).map(userOf);
  }

  async rename(tx: TenantTx, id: string, nickname: string | null): Promise<void> {
    await tx.manager.update(UserEntity, { tenantId: tx.ctx.tenantId, id }, { nickname });
  }

  /** False when there is no such user, or it was deleted. */
  async setStanding(tx: TenantTx, id: string, standing: Exclude<Standing, 'deleted'>, reason: string | null): Promise<boolean> {
    const result = await tx.manager.update(UserEntity, { tenantId: tx.ctx.tenantId, id, standing: Not('deleted') }, { standing, standingReason: reason });
    return result.affected === 1;
  }

  /** False when there is no such user, or it was deleted. */
  async setMute(tx: TenantTx, id: string, until: Date | null): Promise<boolean> {
    return (await tx.query(`UPDATE users SET muted_until = $3 WHERE tenant_id = $1 AND id = $2 AND standing <> 'deleted' RETURNING id`, [tx.ctx.tenantId, id, until])).length === 1;
  }

  /** Takes out all that tells who it was. */
  async pseudonymise(tx: TenantTx, id: string, openid: string): Promise<void> {
    await tx.manager.update(UserEntity, { tenantId: tx.ctx.tenantId, id }, { openid, unionid: null, nickname: null, standing: 'deleted', standingReason: null, deletedAt: nowDate() });
  }

  /** Lets one change at a time count or add what belongs to the user. */
  async lock(tx: TenantTx, id: string): Promise<void> {
    await tx.query('SELECT FROM users WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [tx.ctx.tenantId, id]);
  }
}

function userOf(row: UserEntity): User {
  return {
    id: row.id,
    openid: row.openid,
    unionid: row.unionid ?? undefined,
    nickname: row.nickname ?? undefined,
    standing: row.standing,
    standingReason: row.standingReason ?? undefined,
    createdAt: row.createdAt.getTime(),
    lastLoginAt: row.lastLoginAt.getTime(),
  };
}
