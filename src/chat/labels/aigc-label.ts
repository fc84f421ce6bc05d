/**
 * The implicit label of generated content, as the metadata key `AIGC` holds it (标识办法, Art. 5; GB 45438-2025,
 * annex E). Every value is a text.
 */
export interface AigcLabel {
  /** `1`: is generated. */
  readonly Label: '1';
  /** Name or code of the provider of the generating service. Who calls another company's model is the provider. */
  readonly ContentProducer: string;
  /** The producer's unique number of the content: the message's id. */
  readonly ProduceID: string;
  /** The producer's own; unused. */
  readonly ReservedCode1: '';
  /** Name or code of who hands the content out. */
  readonly ContentPropagator: string;
  /** The propagator's unique number: the id of the hand-out. A label-free one is logged under it. */
  readonly PropagateID: string;
  readonly ReservedCode2: '';
}

/** One hand-out of content: an export, or a copy of all that is kept of a user. */
export interface HandOut {
  readonly id: string;
  /** The tenant, who produces and hands out alike. */
  readonly provider: string;
}

export function aigcLabel(messageId: string, { id, provider }: HandOut): AigcLabel {
  return { Label: '1', ContentProducer: provider, ProduceID: messageId, ReservedCode1: '', ContentPropagator: provider, PropagateID: id, ReservedCode2: '' };
}

/** Whether words of a model are in a message: of a refused one nothing is left to label. */
export function isGenerated({ role, content }: { readonly role: 'user' | 'assistant'; readonly content: string }): boolean {
  return role === 'assistant' && content !== '';
}

/** A message's words as they may leave the platform: of a refused one none, and none of a question that is not judged. */
export function handedOut({ state, content }: { readonly state: string; readonly content: string }): string {
  return state === 'refused' || state === 'unjudged' ? '' : content;
}
