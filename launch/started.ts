import { type Print, stepLine } from './steps.js';

interface Part {
  readonly name: string;
  readonly stop: (hurry: AbortSignal) => Promise<void>;
}

/** What this start has started, to be stopped in the opposite order. */
export class Started {
  private readonly parts: Part[] = [];

  constructor(private readonly print: Print) {}

  add(name: string, stop: Part['stop']): void {
    this.parts.push({ name, stop });
  }

  /** Stops all, the last started first, each shown. A part that fails to stop does not keep the others from it. */
  async stopAll(hurry: AbortSignal): Promise<void> {
    for (const part of this.parts.splice(0).reverse()) {
      const begin = performance.now();
      try {
        await part.stop(hurry);
        this.print(stepLine('✓', `${part.name} 已停止`, 'stopped', performance.now() - begin));
      } catch (error) {
        this.print(stepLine('✗', `${part.name} 未能停止`, error instanceof Error ? error.message : 'does not stop', performance.now() - begin));
      }
    }
  }
}
