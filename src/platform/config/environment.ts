/** A reader of environment variables that collects every fault instead of stopping at the first. It names variables, never their values. */
export class Environment {
  private readonly faults: string[] = [];

  constructor(private readonly raw: Readonly<Record<string, string | undefined>>) {}

  optional(name: string): string | undefined {
    const value = this.raw[name];
    return value === undefined || value === '' ? undefined : value;
  }

  text(name: string, what: string, fallback?: string): string {
    const value = this.optional(name) ?? fallback;
    if (value === undefined) {
      this.fault(name, `is missing: ${what}`);
      return '';
    }
    return value;
  }

  integer(name: string, fallback: number, min: number, max: number): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const parsed = /^\d{1,9}$/.test(value) ? parseInt(value, 10) : NaN;
    if (!(parsed >= min && parsed <= max)) {
      this.fault(name, `must be a whole number from ${min} to ${max}`);
      return fallback;
    }
    return parsed;
  }

  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) this.fault(name, `must be one of ${choices.join(', ')}`);
    return choice ?? fallback;
  }

  url(name: string, protocols: readonly string[], what: string, fallback?: string): string {
    const value = this.text(name, what, fallback);
    if (value === '') return '';
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    if (parsed === undefined || !protocols.includes(parsed.protocol)) this.fault(name, `must be a URL that starts with ${protocols.join('// or ')}//`);
    return value.replace(/\/+$/, '');
  }

  fault(name: string, fault: string): void {
    this.faults.push(`${name} ${fault}`);
  }

  /** @throws ConfigurationError with the whole list, when anything was wrong. */
  finish(): void {
    if (this.faults.length > 0) throw new ConfigurationError(this.faults);
  }
}

/** What is wrong with the environment, as one readable list. Safe to print: names and remedies, no values. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`Bailiao can't start, ${faults.length === 1 ? 'one setting is' : `${faults.length} settings are`} not right:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}
