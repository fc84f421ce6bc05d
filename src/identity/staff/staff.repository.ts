import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import { nowDate } from '../../platform/values/index.js';
import { StaffEntity } from './staff.entity.js';
import type { Staff } from './staff.js';

/** Staff are few; a list of them is not paged. */
const MOST_STAFF = 1_000;

/** The table `staff`. */
@Injectable()
export class StaffRepository {
  async byId(tx: PlatformTx, id: string): Promise<Staff | undefined> {
    const row = await tx.manager.findOneBy(StaffEntity, { id });
    return row === null ? undefined : staffOf(row);
  }

  async byEmail(tx: PlatformTx, email: string): Promise<{ readonly staff: Staff; readonly passwordHash: string } | undefined> {
    const row = await tx.manager.findOneBy(StaffEntity, { email });
    return row === null ? undefined : { staff: staffOf(row), passwordHash: row.passwordHash };
  }

  async isEmpty(tx: PlatformTx): Promise<boolean> {
    return !(await tx.manager.exists(StaffEntity));
  }

  /** False when the email is taken: two nodes may start at once. */
  async insert(tx: PlatformTx, staff: Pick<StaffEntity, 'id' | 'email' | 'passwordHash' | 'role'>): Promise<boolean> {
    const rows = await tx.query('INSERT INTO staff (id, email, password_hash, role) VALUES ($1, $2, $3, $4) ON CONFLICT (email) DO NOTHING RETURNING id', [
      staff.id,
      staff.email,
      staff.passwordHash,
      staff.role,
    ]);
    return rows.length === 1;
  }

  async all(tx: PlatformTx): Promise<readonly Staff[]> {
    return (await tx.manager.find(StaffEntity, { order: { createdAt: 'ASC', id: 'ASC' }, take: MOST_STAFF })).map(staffOf);
  }

  /** Undefined: there is no such person. */
  async disable(tx: PlatformTx, id: string): Promise<Staff | undefined> {
    await tx.query('UPDATE staff SET disabled_at = coalesce(disabled_at, clock_timestamp()) WHERE id = $1', [id]);
    return this.byId(tx, id);
  }

  async noteLogin(tx: PlatformTx, id: string): Promise<void> {
    await tx.manager.update(StaffEntity, { id }, { lastLoginAt: nowDate() });
  }
}

function staffOf(row: StaffEntity): Staff {
  return { id: row.id, email: row.email, role: row.role, disabled: row.disabledAt !== null };
}
