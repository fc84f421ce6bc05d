/** Mildest first. */
export const SANCTION_KINDS = ['warn', 'mute', 'ban'] as const;
export type SanctionKind = (typeof SANCTION_KINDS)[number];

/** `proposed`: a ban that people have to confirm. A mute that is over stays `active`: its end is in its row. */
export const SANCTION_STATES = ['proposed', 'active', 'refused', 'lifted'] as const;
export type SanctionState = (typeof SANCTION_STATES)[number];

/** `count` refused messages within `withinSeconds` bring it about. */
export type Rung =
  | { readonly kind: 'warn'; readonly count: number; readonly withinSeconds: number }
  | { readonly kind: 'mute'; readonly count: number; readonly withinSeconds: number; readonly muteSeconds: number }
  /** `automatic`: holds at once, without two people having looked at it. */
  | { readonly kind: 'ban'; readonly count: number; readonly withinSeconds: number; readonly automatic: boolean };

/** At most one rung of a kind. */
export type Ladder = readonly Rung[];

const HOUR = 3_600;
const DAY = 24 * HOUR;

/** What holds for a tenant that has set nothing. */
export const DEFAULT_LADDER: Ladder = [
  { kind: 'warn', count: 3, withinSeconds: DAY },
  { kind: 'mute', count: 5, withinSeconds: DAY, muteSeconds: HOUR },
  { kind: 'ban', count: 10, withinSeconds: 7 * DAY, automatic: false },
];

/** Offences and sanctions are looked at this far back: the longest period that a rung may have. */
export const LONGEST_PERIOD_SECONDS = 90 * DAY;
export const MOST_OFFENCES = 1_000;
export const LONGEST_MUTE_SECONDS = 365 * DAY;

/** A refused message, or an answer that was broken off; the stages of a run are one offence. */
export interface Offence {
  readonly runId: string;
  /** It was the model's answer that was broken off, not what the user wrote. */
  readonly ofAnswer?: boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface PastSanction {
  readonly kind: SanctionKind;
  readonly state: SanctionState;
  readonly at: number;
  /** End of a mute. */
  readonly until: number | undefined;
  /** When people refused or lifted it. */
  readonly endedAt: number | undefined;
}

/**
 * The rung that a user has come to, or undefined: the strictest whose count is reached and that does not hold already.
 * - So many answers that were broken off count as one refused message: a model may say what nobody asked it for, and
 *   who makes it end every answer so reads for nothing. 0: they do not count.
 * - An offence counts once, however many stages of its run were refused, and not after a person forgave it.
 * - Where people refused or lifted a sanction, what came before counts no more for one of its kind.
 * - Nobody is warned who was warned, or worse, within the warning's period; nor muted or banned who is.
 * The more offences, the stricter the answer: never milder.
 */
export function rungOf(ladder: Ladder, offences: readonly Offence[], past: readonly PastSanction[], at: number, answersPerOffence = 0): Rung | undefined {
  const strictestFirst = [...ladder].sort((a, b) => SANCTION_KINDS.indexOf(b.kind) - SANCTION_KINDS.indexOf(a.kind));
  return strictestFirst.find((rung) => isReached(rung, offences, past, at, answersPerOffence) && !holdsAlready(rung, past, at));
}

function isReached(rung: Rung, offences: readonly Offence[], past: readonly PastSanction[], at: number, answersPerOffence: number): boolean {
  const judged = past.filter((sanction) => sanction.kind === rung.kind).map((sanction) => sanction.endedAt ?? 0);
  const since = Math.max(at - rung.withinSeconds * 1_000, ...judged);
  const within = offences.filter((offence) => offence.at > since && offence.at <= at);
  const asked = new Set(within.filter(({ ofAnswer }) => ofAnswer !== true).map(({ runId }) => runId));
  const answered = new Set(within.map(({ runId }) => runId).filter((runId) => !asked.has(runId)));
  return asked.size + (answersPerOffence > 0 ? Math.floor(answered.size / answersPerOffence) : 0) >= rung.count;
}

function holdsAlready(rung: Rung, past: readonly PastSanction[], at: number): boolean {
  const standing = past.filter((sanction) => sanction.state === 'active' || sanction.state === 'proposed');
  switch (rung.kind) {
    case 'warn':
      return standing.some((sanction) => sanction.at > at - rung.withinSeconds * 1_000);
    case 'mute':
      return standing.some((sanction) => sanction.kind === 'mute' && (sanction.until ?? 0) > at);
    case 'ban':
      return standing.some((sanction) => sanction.kind === 'ban');
  }
}
