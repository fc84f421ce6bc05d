import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { Database, sqlState } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ChannelRegistry } from '../../upstream/index.js';
import { checkCostQuery, type CostLine, type CostQuery } from './cost-report.js';
import { CostReportRepository } from './cost-report.repository.js';

/** PostgreSQL ended the statement for its time. */
const TIMED_OUT = '57014';

/** Cost reports for platform staff. */
@Injectable()
export class CostReportService {
  constructor(private readonly database: Database, private readonly repository: CostReportRepository, private readonly channels: ChannelRegistry) {}

  /** @throws DomainError `invalid_request` (param `to`) also where the range holds more runs than can be added up in time */
  async upstreamCosts(ctx: PlatformContext, query: CostQuery): Promise<readonly CostLine[]> {
    checkCostQuery(query);
    const lines = await this.database.inPlatform(ctx, (tx) => this.repository.lines(tx, query)).catch((error: unknown) => {
      if (sqlState(error) !== TIMED_OUT) throw error;
      throw new DomainError('invalid_request', { param: 'to', message: 'too many runs between from and to: ask for a shorter time', cause: error });
    });
    return lines.map((line) => ({ ...line, name: query.groupBy === 'channel' && line.key !== undefined ? this.channels.nameOf(line.key) : undefined }));
  }
}
