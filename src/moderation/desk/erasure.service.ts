import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { ErasureRepository } from './erasure.repository.js';

/** A user's right to have their words erased, as far as people's work keeps them. */
@Injectable()
export class DeskErasure {
  constructor(private readonly repository: ErasureRepository) {}

  /** Takes out what the user wrote to people, and what was excerpted for them. Joins the transaction that erases the account. */
  async erase(tx: TenantTx, userId: string): Promise<void> {
    await this.repository.eraseWords(tx, userId);
  }
}
