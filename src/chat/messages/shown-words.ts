import type { CodeFilter } from '../../moderation/index.js';

/** A message for a client that may not show code: an answer without its blocks; what a user wrote stays. @param filter makes one for each answer; undefined: nothing is withheld. */
export function withoutCode<M extends { readonly role: string; readonly content: string }>(message: M, filter: (() => CodeFilter) | undefined): M {
  if (filter === undefined || message.role !== 'assistant') return message;
  const answer = filter();
  return { ...message, content: answer.push(message.content) + answer.end() };
}
