import type { RunEvent } from './run-event.js';

export type RunNewsHandler = (index: number, events: readonly RunEvent[]) => void;

/**
 * News of runs within one process. Where the worker and the client's node are
 * the same process, an entry that the log has taken needs no way through the
 * bus. Only a shortcut: the log is what counts, and followers read it when
 * in doubt.
 */
export class RunNews {
  private readonly handlers = new Map<string, Set<RunNewsHandler>>();

  hear(name: string, handler: RunNewsHandler): () => void {
    const handlers = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, handlers.add(handler));
    return () => {
      if (handlers.delete(handler) && handlers.size === 0) this.handlers.delete(name);
    };
  }

  tell(name: string, index: number, events: readonly RunEvent[]): void {
    for (const handler of this.handlers.get(name) ?? []) handler(index, events);
  }
}
