import { Injectable } from '@nestjs/common';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { newId } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import type { ListedModel } from '../catalogue/model.js';
import { ModelRepository } from '../catalogue/model.repository.js';
import { ChannelRepository } from './channel.repository.js';
import type { SealedChannel } from './channel-record.js';

/** All that the tables say of channels and models. */
export interface Reading {
  readonly channels: readonly SealedChannel[];
  readonly models: readonly ListedModel[];
  /** Tenants that want their own channels only: a setting of theirs. */
  readonly ownOnly: readonly string[];
}

/** Reads it, for all tenants. */
@Injectable()
export class UpstreamReading {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantService,
    private readonly channels: ChannelRepository,
    private readonly models: ModelRepository,
  ) {}

  async read(): Promise<Reading> {
    const ctx = systemPlatformContext('channels', newId());
    const ownOnly = await this.tenants.withOwnChannelsOnly(ctx);
    return this.database.inPlatform(ctx, async (tx) => ({ channels: await this.channels.all(tx), models: await this.models.all(tx), ownOnly }));
  }
}
