import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { TenantService } from '../../tenants/index.js';
import type { Hit } from '../text/lexicon-entry.js';
import { scanInTurns } from '../text/scan.js';
import { Lexicons, versionOf } from './lexicons.service.js';
import { listOf, type ListName } from './word-list.js';
import type { WordOwner } from './word-owner.js';

/** A hit, and the list whose word it is; undefined: the platform's built-in patterns. */
export interface TriedHit extends Hit {
  readonly list: ListName | undefined;
}

export interface Trial {
  readonly version: string;
  readonly hits: readonly TriedHit[];
}

/** Says what would be found in a text, for whoever keeps the lists. */
@Injectable()
export class WordTrial {
  constructor(private readonly tenants: TenantService, private readonly lexicons: Lexicons) {}

  /** By the lists as they hold in this process now: for a tenant the platform's and its own. @throws not_found (param `id`: the tenant), unavailable */
  async try(ctx: PlatformContext, owner: WordOwner, text: string): Promise<Trial> {
    if (owner !== undefined) await this.tenants.read(ctx, owner);
    const lexicons = owner === undefined ? await this.lexicons.ofPlatform() : await this.lexicons.of(owner);
    return { version: versionOf(lexicons), hits: (await scanInTurns(text, lexicons)).map((hit) => ({ ...hit, list: listOf(hit.entry) })) };
  }
}
