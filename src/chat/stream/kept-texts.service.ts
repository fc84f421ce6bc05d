import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/crypto/index.js';
import { PolicyService } from '../../moderation/index.js';

/** What of a conversation lies in Redis: the plan of a run, an entry of its stream log, a history, an answer that is given again. */
export type KeptKind = 'run_plan' | 'stream_entry' | 'history' | 'stored_answer';

/** Whose it is: the run, the conversation, or the place of a stored answer. */
export interface KeptPlace {
  readonly tenantId: string;
  readonly row: string;
  readonly kind: KeptKind;
}

/** Texts that lie in Redis for a while, all of them JSON: as they are, or sealed where the tenant's texts are at rest. */
@Injectable()
export class KeptTexts {
  constructor(private readonly policies: PolicyService, private readonly sealer: Sealer) {}

  /** By the policy in force now. Errors: the driver's. */
  async kept(place: KeptPlace, json: string): Promise<string> {
    return (await this.policies.of(place.tenantId)).sealTexts ? this.sealed(place, json) : json;
  }

  sealed({ tenantId, row, kind }: KeptPlace, json: string): string {
    return this.sealer.seal(json, { tenantId, row, field: kind });
  }

  /** @throws Error when it was changed or moved, or sealed under a key that is not here. */
  opened({ tenantId, row, kind }: KeptPlace, kept: string): string {
    return isSealed(kept) ? this.sealer.open(kept, { tenantId, row, field: kind }) : kept;
  }
}

/** Whether a text lies sealed. No JSON begins as a seal does. */
export function isSealed(kept: string): boolean {
  return kept.startsWith('v');
}
