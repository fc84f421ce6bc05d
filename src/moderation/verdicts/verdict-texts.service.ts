import { Inject, Injectable } from '@nestjs/common';
import { Sealer, TenantDigest } from '../../platform/crypto/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { PolicyService } from '../policy/policy.service.js';
import { keepable, type VerdictRecord } from './verdict-record.js';
import { verdictTextPlace, type KeptPart, type SealedPart } from './verdict-text.js';

const MOST_HIT = 500;

/** The columns of a row that tell of its text. What is undefined is left out. */
export interface TextColumns {
  readonly text?: string | undefined;
  readonly text_sealed?: string | undefined;
  readonly hit?: string | undefined;
  readonly hit_sealed?: string | undefined;
}

/** What the log keeps of judged texts, as the tenant's policy says: a name of each, and of those with a finding the words, sealed or not. */
@Injectable()
export class VerdictTexts {
  constructor(
    private readonly policies: PolicyService,
    private readonly sealer: Sealer,
    private readonly digests: TenantDigest,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Tells equal texts of a tenant from others, and tells no text. */
  digestOf(tenantId: string, text: string): string {
    return this.digests.of(tenantId, text);
  }

  /** The words as they are to be kept, by the policy in force now. Errors: the driver's. */
  async columnsOf({ tenantId, id, text, judgement }: VerdictRecord): Promise<TextColumns> {
    const hit = judgement.hit === undefined ? undefined : keepable(judgement.hit, MOST_HIT);
    if (text === undefined && hit === undefined) return {};
    if (!(await this.policies.of(tenantId)).sealTexts) return { text, hit };
    const seal = (part: SealedPart, words: string | undefined): string | undefined => (words === undefined ? undefined : this.sealer.seal(words, verdictTextPlace(tenantId, id, part)));
    return { text_sealed: seal('text', text), hit_sealed: seal('hit', hit) };
  }

  /** Undefined: none is kept, or the master key that sealed it is gone. */
  open(tenantId: string, id: string, part: SealedPart, { plain, sealed }: KeptPart): string | undefined {
    if (sealed === null) return plain ?? undefined;
    try {
      return this.sealer.open(sealed, verdictTextPlace(tenantId, id, part));
    } catch (error) {
      this.logger.error({ tenant: tenantId, verdict: id, part, ...errorFields(error) }, 'a sealed text could not be opened');
      return undefined;
    }
  }
}
