import { systemPlatformContext } from '../../platform/context/index.js';
import { readAsPlatform } from '../../platform/database/index.js';
import { newId } from '../../platform/values/index.js';
import { violationsOf } from './audit.repository.js';
import { INVARIANT_NAMES, type AuditResult } from './invariant.js';

/** A query of the audit may take so long: it reads every account and transfer. */
const STATEMENT_MS = 120_000;

/** Checks every invariant of money in one snapshot of the database: what is moving meanwhile can't look wrong. */
export async function auditLedger(platformUrl: string): Promise<readonly AuditResult[]> {
  return readAsPlatform(platformUrl, systemPlatformContext('audit', newId()), STATEMENT_MS, async (tx) => {
    const results: AuditResult[] = [];
    for (const invariant of INVARIANT_NAMES) {
      const begin = performance.now();
      const violations = await violationsOf(tx, invariant);
      results.push({ invariant, violations, ms: performance.now() - begin });
    }
    return results;
  });
}
