import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { now, nowDate } from '../../platform/values/index.js';
import { StaffActionService } from '../../identity/index.js';
import { DeskRulesRepository } from '../desk/desk-rules.repository.js';
import type { Stage } from '../verdict.js';
import { LONGEST_PERIOD_SECONDS, MOST_OFFENCES, rungOf } from './ladder.js';
import { OffenceRepository } from './offence.repository.js';
import { SanctionDesk, type Imposed } from './sanction-desk.service.js';
import { reasonOf, type StandingEffect } from './sanction.js';
import { SanctionRepository } from './sanction.repository.js';

/** Most sanctions of a user that the ladder looks back on. */
const MOST_SANCTIONS = 200;

/** What a user did, and what the tenant's ladder makes of it. Steps within a caller's transaction, which holds the user's lock. */
@Injectable()
export class Conduct {
  constructor(
    private readonly offences: OffenceRepository,
    private readonly sanctions: SanctionRepository,
    private readonly rules: DeskRulesRepository,
    private readonly desk: SanctionDesk,
    private readonly actions: StaffActionService,
  ) {}

  /** Counts a refused text, or an answer that was broken off, once for its run and stage, and takes the step that it leads to. */
  async count(tx: TenantTx, offence: { readonly userId: string; readonly runId: string; readonly stage: Stage; readonly label: string }): Promise<Imposed | undefined> {
    const { userId, runId } = offence;
    const at = nowDate();
    const since = new Date(at.getTime() - LONGEST_PERIOD_SECONDS * 1_000);
    if (!(await this.offences.add(tx, offence, at))) return undefined;
    await this.offences.removeBefore(tx, userId, since);
    const { ladder, answersPerOffence } = await this.rules.read(tx);
    const [offences, past] = [await this.offences.since(tx, userId, since, MOST_OFFENCES), await this.sanctions.recent(tx, userId, since, MOST_SANCTIONS)];
    const rung = rungOf(ladder, offences, past.map((each) => ({ kind: each.kind, state: each.state, at: each.createdAt.getTime(), until: each.until?.getTime(), endedAt: each.endedAt?.getTime() })), now(), answersPerOffence);
    if (rung === undefined) return undefined;
    return this.desk.impose(tx, { userId, kind: rung.kind, reason: reasonOf(rung), runId, muteSeconds: rung.kind === 'mute' ? rung.muteSeconds : undefined, confirmed: rung.kind !== 'ban' || rung.automatic, byRule: true });
  }

  /** A person found that the run's text was no offence: it counts no more, and the sanctions that it brought about end. */
  async forgive(tx: TenantTx, userId: string, runId: string, note: string | undefined): Promise<readonly StandingEffect[]> {
    if (!(await this.offences.forgive(tx, userId, runId, nowDate()))) return [];
    await this.actions.record(tx, { action: 'offence.forgive', subjectId: runId, userId, note });
    const effects: StandingEffect[] = [];
    for (const sanction of await this.sanctions.ofRun(tx, userId, runId)) effects.push(...(await this.desk.lift(tx, sanction, note)));
    return effects;
  }
}
