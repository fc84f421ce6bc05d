import { StampTenantTables1763600000000 } from './1763600000000-stamp-tenant-tables.js';
import { CreateTenants1763600001000 } from './1763600001000-create-tenants.js';
import { CreateIdentity1763600002000 } from './1763600002000-create-identity.js';
import { CreateChat1763600003000 } from './1763600003000-create-chat.js';
import { CreateLedger1763700000000 } from './1763700000000-create-ledger.js';
import { CreateCharges1763700001000 } from './1763700001000-create-charges.js';
import { GroupRuns1763700002000 } from './1763700002000-group-runs.js';
import { CreateMerchants1763800000000 } from './1763800000000-create-merchants.js';
import { CreateOrders1763800001000 } from './1763800001000-create-orders.js';
import { CreateRefunds1763800002000 } from './1763800002000-create-refunds.js';
import { CreateChannels1763900000000 } from './1763900000000-create-channels.js';
import { CreateReadyAnswers1763950000000 } from './1763950000000-create-ready-answers.js';
import { CreateWordLists1764000000000 } from './1764000000000-create-word-lists.js';
import { CreateModerationPolicies1764000001000 } from './1764000001000-create-moderation-policies.js';
import { CreateVerdicts1764000002000 } from './1764000002000-create-verdicts.js';
import { CreateReviews1764000003000 } from './1764000003000-create-reviews.js';
import { CreateSupport1764000004000 } from './1764000004000-create-support.js';
import { WithholdTexts1764000005000 } from './1764000005000-withhold-texts.js';
import { CostOfRuns1764000006000 } from './1764000006000-cost-of-runs.js';
import { CreateLabelLog1764000007000 } from './1764000007000-create-label-log.js';
import { AddPushCredentials1764000008000 } from './1764000008000-add-push-credentials.js';
import { ResealVerdicts1764000009000 } from './1764000009000-reseal-verdicts.js';
import { CreateMediaChecks1764000010000 } from './1764000010000-create-media-checks.js';
import { TellPaid1764000016000 } from './1764000016000-tell-paid.js';
import { HedgeChannels1764000017000 } from './1764000017000-hedge-channels.js';
import { CreateFacts1764000020000 } from './1764000020000-create-facts.js';
import { MuteBesideBans1764000021000 } from './1764000021000-mute-beside-bans.js';
import { KeyVerdictDigests1764000022000 } from './1764000022000-key-verdict-digests.js';
import { WithholdUnjudged1764000023000 } from './1764000023000-withhold-unjudged.js';
import { ExpireMediaCalls1764000024000 } from './1764000024000-expire-media-calls.js';
import { WithholdTitles1764000025000 } from './1764000025000-withhold-titles.js';

/** All migrations, oldest first. */
export const MIGRATIONS = [
  StampTenantTables1763600000000,
  CreateTenants1763600001000,
  CreateIdentity1763600002000,
  CreateChat1763600003000,
  CreateLedger1763700000000,
  CreateCharges1763700001000,
  GroupRuns1763700002000,
  CreateMerchants1763800000000,
  CreateOrders1763800001000,
  CreateRefunds1763800002000,
  CreateChannels1763900000000,
  CreateReadyAnswers1763950000000,
  CreateWordLists1764000000000,
  CreateModerationPolicies1764000001000,
  CreateVerdicts1764000002000,
  CreateReviews1764000003000,
  CreateSupport1764000004000,
  WithholdTexts1764000005000,
  CostOfRuns1764000006000,
  CreateLabelLog1764000007000,
  AddPushCredentials1764000008000,
  ResealVerdicts1764000009000,
  CreateMediaChecks1764000010000,
  TellPaid1764000016000,
  HedgeChannels1764000017000,
  CreateFacts1764000020000,
  MuteBesideBans1764000021000,
  KeyVerdictDigests1764000022000,
  WithholdUnjudged1764000023000,
  ExpireMediaCalls1764000024000,
  WithholdTitles1764000025000,
];

/** Their names as the table `migrations` records them. */
export const MIGRATION_NAMES: readonly string[] = MIGRATIONS.map((migration) => migration.name);
