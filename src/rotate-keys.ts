import 'reflect-metadata';
import { resealDeskTexts, resealVerdictTexts } from './moderation/index.js';
import { readAuditConfig } from './platform/config/index.js';
import { systemPlatformContext } from './platform/context/index.js';
import { writeAsPlatform } from './platform/database/index.js';
import { newId } from './platform/values/index.js';
import { resealCredentials } from './tenants/index.js';
import { resealChannelKeys } from './upstream/index.js';

const STATEMENT_MS = 60_000;

/**
 * `npm run keys:rotate`: seals all tenants' secrets, the keys of all channels, the sealed texts of the log of
 * judgements and what people wrote to the desk under the newest of MASTER_KEY, MASTER_KEY_2, …, while the platform runs. First give every node the new key beside the old ones; when this has ended with 0, the older ones seal nothing
 * any more. Ends with 1 when a secret could not be opened.
 */
async function main(): Promise<void> {
  const { platformUrl, masterKeys } = readAuditConfig(process.env);
  const rotations = await writeAsPlatform(platformUrl, systemPlatformContext('rotate keys', newId()), STATEMENT_MS, async (tx) => [
    await resealCredentials(tx, masterKeys), await resealChannelKeys(tx, masterKeys), await resealVerdictTexts(tx, masterKeys), await resealDeskTexts(tx, masterKeys),
  ]);
  const resealed = rotations.reduce((sum, each) => sum + each.resealed, 0);
  const current = rotations.reduce((sum, each) => sum + each.current, 0);
  const unreadable = rotations.flatMap((each) => each.unreadable);
  process.stdout.write(`主密钥版本 ${masterKeys.current}：重新封存 ${resealed} 项，已是最新 ${current} 项 · master key ${masterKeys.current}: ${resealed} sealed anew, ${current} were already\n`);
  for (const { tenantId, row, field } of unreadable) process.stdout.write(`  无法打开 · can't be opened: ${tenantId} ${row} ${field}\n`);
  process.exitCode = unreadable.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : 'the keys could not be rotated'}\n`);
  process.exitCode = 2;
});
