import { Inject, Injectable, Optional, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { RehearseAsking } from './rehearse-asking.service.js';
import { RehearseRuns } from './rehearse-runs.service.js';

/** What the first user would wait for is done once before anybody is served, for nobody; nothing of it stays. */
@Injectable()
export class Rehearsal implements OnApplicationBootstrap {
  constructor(private readonly runs: RehearseRuns, @Inject(LOGGER) private readonly logger: Logger, @Optional() private readonly asking?: RehearseAsking) {}

  /** One part after the other: the statements come last, on every connection that is open by then. */
  async onApplicationBootstrap(): Promise<void> {
    if (this.asking !== undefined) await this.attempt('question', this.asking);
    await this.attempt('run', this.runs);
  }

  /** Where it fails the first answer is a little slower, and the reason is in the log. */
  private async attempt(what: string, part: { rehearse(): Promise<void> }): Promise<void> {
    try {
      await part.rehearse();
    } catch (error) {
      this.logger.warn({ what, ...errorFields(error) }, 'a rehearsal failed');
    }
  }
}
