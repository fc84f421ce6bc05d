import 'reflect-metadata';
import { INVARIANTS, auditLedger, type AuditResult } from './billing/index.js';
import { readAuditConfig } from './platform/config/index.js';

/** `npm run audit`: checks every invariant of money. Ends with 0 when all hold, 1 when one does not, 2 when it could not look. */
async function main(): Promise<void> {
  const results = await auditLedger(readAuditConfig(process.env).platformUrl);
  process.stdout.write(results.map(lineOf).join(''));
  const wrong = results.filter((result) => result.violations.length > 0);
  for (const { invariant, violations } of wrong) {
    process.stdout.write(`\n${invariant}: ${INVARIANTS[invariant]}\n`);
    for (const { tenantId, subject, details } of violations) process.stdout.write(`  tenant ${tenantId}  ${subject}  ${JSON.stringify(details)}\n`);
  }
  process.stdout.write(wrong.length === 0 ? '\n账目全部相符 · everything adds up\n' : `\n有 ${wrong.length} 项不符 · ${wrong.length} of ${results.length} do not hold\n`);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}

function lineOf({ invariant, violations, ms }: AuditResult): string {
  return `${violations.length === 0 ? '✓' : '✗'} ${invariant.padEnd(18)} ${violations.length === 0 ? 'ok' : `${violations.length} row(s)`.padEnd(10)} ${Math.round(ms)} ms\n`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the audit could not run'}\n`);
  process.exitCode = 2;
});
