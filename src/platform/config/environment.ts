/** A variable that exists: what was asked for, with the bounds it was asked within. */
export interface Setting {
  readonly name: string;
  /** What it means, in words for whoever sets it. */
  readonly what: string;
  readonly required: boolean;
  readonly fallback: string | undefined;
  /** What a value must be, in words; undefined for any text. */
  readonly bounds: string | undefined;
}

/** A reader of environment variables that collects every fault instead of stopping at the first. It names variables, never their values, and remembers what it was asked: that is the list of the variables that exist. */
export class Environment {
  private readonly faults: string[] = [];
  private readonly asked = new Map<string, Setting>();

  constructor(private readonly raw: Readonly<Record<string, string | undefined>>) {}

  /** Everything that was asked for so far, in that order. */
  get settings(): readonly Setting[] {
    return [...this.asked.values()];
  }

  optional(name: string, what: string): string | undefined {
    return this.read({ name, what, required: false, fallback: undefined, bounds: undefined });
  }

  text(name: string, what: string, fallback?: string): string {
    return this.textWithin(undefined, name, what, fallback);
  }

  integer(name: string, what: string, fallback: number, min: number, max: number): number {
    const value = this.read({ name, what, required: false, fallback: String(fallback), bounds: `${min} to ${max}` });
    if (value === undefined) return fallback;
    const parsed = /^\d{1,9}$/.test(value) ? parseInt(value, 10) : NaN;
    if (!(parsed >= min && parsed <= max)) {
      this.fault(name, `must be a whole number from ${min} to ${max}`);
      return fallback;
    }
    return parsed;
  }

  oneOf<T extends string>(name: string, what: string, choices: readonly T[], fallback: T): T {
    const value = this.read({ name, what, required: false, fallback, bounds: choices.join(', ') });
    if (value === undefined) return fallback;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) this.fault(name, `must be one of ${choices.join(', ')}`);
    return choice ?? fallback;
  }

  url(name: string, protocols: readonly string[], what: string, fallback?: string): string {
    const value = this.textWithin(protocols.map((protocol) => `${protocol}//`).join(' or '), name, what, fallback);
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

  private textWithin(bounds: string | undefined, name: string, what: string, fallback: string | undefined): string {
    const value = this.read({ name, what, required: fallback === undefined, fallback, bounds }) ?? fallback;
    if (value === undefined) {
      this.fault(name, `is missing: ${what}`);
      return '';
    }
    return value;
  }

  private read(setting: Setting): string | undefined {
    this.asked.set(setting.name, setting);
    const value = this.raw[setting.name];
    return value === '' ? undefined : value;
  }
}

/** What is wrong with the environment, as one readable list. Safe to print: names and remedies, no values. */
export class ConfigurationError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`Bailiao can't start, ${faults.length === 1 ? 'one setting is' : `${faults.length} settings are`} not right:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}
