import type { Action, Layer, Stage } from '../verdict.js';

/** A judgement as the log tells it, without the text. */
export interface VerdictRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly stage: Stage;
  readonly layer: Layer;
  readonly version: string;
  readonly asked: Action;
  readonly action: Action;
  readonly label: string;
  readonly score: number | undefined;
  readonly traceId: string | undefined;
  readonly failure: string | undefined;
  /** The listed word that decided; undefined also where the master key that sealed it is gone. */
  readonly hit: string | undefined;
  readonly latencyMs: number;
  readonly cached: boolean;
  readonly shadow: boolean;
  readonly userId: string | undefined;
  readonly conversationId: string | undefined;
  readonly runId: string | undefined;
  readonly messageId: string | undefined;
  /** The same for equal texts of the tenant under one master key; several texts are joined by line ends. Undefined in rows of an earlier release. */
  readonly textDigest: string | undefined;
  /** UTF-16 units. */
  readonly textLength: number;
  readonly hasText: boolean;
}

/** What to look for; what is absent does not matter. */
export interface VerdictFilter {
  readonly from?: Date | undefined;
  /** Not included. */
  readonly to?: Date | undefined;
  readonly userId?: string | undefined;
  readonly runId?: string | undefined;
  readonly layer?: Layer | undefined;
  readonly stage?: Stage | undefined;
  readonly action?: Action | undefined;
  readonly label?: string | undefined;
}
