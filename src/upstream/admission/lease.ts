/** A channel's leave for one call. It ends by itself some 15 s after its holder's last sign of life. */
export interface Lease {
  readonly channelId: string;
  /** The half second, counted from 1970, in which the call is booked. */
  readonly slot: number;
  /** Parts per million of a minute's allowance; 0 where the channel has no limits by the minute. */
  readonly cost: number;
  /** Tokens booked for it: of a text longer than the channel's minute only that. */
  readonly tokens: number;
  /** It went out ahead of the channel's pace. */
  readonly early: boolean;
  /** The channel was sick, and this call is to show whether it is well again. */
  readonly probe: boolean;
  /** Of a second call beside a late one: it is open under a name of its own. */
  readonly hedge?: true;
  /** Whose it is: another one as soon as another worker has taken it over. Absent: given by a former release. */
  readonly token?: string;
}

/** The name under which a run's lease is open in the gate. */
export function holderOf(runId: string, lease: Pick<Lease, 'hedge'>): string {
  return lease.hedge === true ? `${runId}/hedge` : runId;
}

/** What is known of a call, while it is under way or at its end. */
export interface CallReport {
  /** Tokens really used; absent: as booked. */
  readonly tokens?: number;
  /** False when it never reached the upstream. */
  readonly sent?: false;
  /** `call`: it is over. `run`: so is its run. */
  readonly release?: 'call' | 'run';
  /** What it says of the channel's health; absent: nothing. */
  readonly verdict?: 'well' | 'badly';
  /** The upstream wants no calls for so long. */
  readonly blockedMs?: number;
  /** What the upstream says is left of its limits. */
  readonly remaining?: { readonly requests?: number; readonly tokens?: number };
  /** The length of a whole answer in tokens. */
  readonly answer?: number;
}
