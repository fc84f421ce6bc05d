import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { LedgerRepository } from './ledger.repository.js';
import type { LedgerFault, Transfer } from './transfer.js';

/** A batch that the ledger did not take. Nothing of it was applied, and the transaction is still good. */
export class LedgerRefused extends Error {
  override readonly name = 'LedgerRefused';

  constructor(readonly fault: LedgerFault, /** Which transfer of the batch, from 0. */ readonly at: number) {
    super(`the ledger refused transfer ${at}: ${fault}`);
  }
}

/**
 * Moves money, for this room alone: whoever else wants some moved asks a
 * service here that names the reason.
 */
@Injectable()
export class LedgerService {
  constructor(private readonly repository: LedgerRepository) {}

  /**
   * Applies a batch within the caller's transaction, all or none. Ids make it idempotent.
   * @returns for each transfer whether it was new.
   * @throws LedgerRefused
   */
  async apply(tx: TenantTx, transfers: readonly Transfer[]): Promise<readonly ('created' | 'exists')[]> {
    const answer = await this.repository.apply(tx, transfers);
    if (answer.outcome === 'refused') throw new LedgerRefused(answer.fault, answer.at);
    return answer.results;
  }
}
