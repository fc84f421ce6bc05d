/** Lets at most so many builds run at once: each holds its words twice while it runs. The others wait in line. */
export class BuildSlots {
  private readonly line: (() => void)[] = [];

  constructor(private free: number) {}

  async take<T>(build: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    try {
      return await build();
    } finally {
      const next = this.line.shift();
      if (next === undefined) this.free += 1;
      else next();
    }
  }
}
