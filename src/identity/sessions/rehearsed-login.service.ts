import { Injectable } from '@nestjs/common';
import { Stage, type Players } from '../../platform/rehearsal/index.js';
import { SessionService } from './session.service.js';

/** Logs in whoever plays in a rehearsal, and nobody else. */
@Injectable()
export class RehearsedLogin {
  constructor(private readonly stage: Stage, private readonly sessions: SessionService) {}

  /** An access token: good for nothing once the rehearsal is over. @throws Error for whoever does not play now. */
  async accessToken(players: Players): Promise<string> {
    if (!this.stage.holds(players.tenantId)) throw new Error('only who plays in a rehearsal is logged in without credentials');
    return this.sessions.rehearsed(players);
  }
}
