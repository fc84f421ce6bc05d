import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { codeFilterOf } from '../gate/code-filter.js';
import { PolicyService } from '../policy/policy.service.js';

/** Shows one answer without its code blocks, in chunks cut anywhere. */
export interface CodeFilter {
  /** What may be shown of the text so far. */
  push(chunk: string): string;
  /** The text is over. */
  end(): string;
}

/** The gate withholds code from the client that an answer is made for. Whoever reads it later may have another client. */
@Injectable()
export class WithheldCode {
  constructor(private readonly policies: PolicyService) {}

  /** Makes a filter for each answer that is there already; undefined: the caller's client may show them as they are. Errors: the driver's. */
  async filterFor(ctx: RequestContext): Promise<(() => CodeFilter) | undefined> {
    return codeFilterOf(await this.policies.of(ctx.tenantId), ctx.platform);
  }
}
