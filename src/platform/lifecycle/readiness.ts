/** What must be there before this process should get requests. Rooms add their own. */
export class Readiness {
  private readonly checks = new Map<string, () => Promise<void>>();
  private stopping = false;

  add(name: string, check: () => Promise<void>): void {
    this.checks.set(name, check);
  }

  /** From here on the balancer should send nothing new. */
  stop(): void {
    this.stopping = true;
  }

  /** Every check at once, each given at most 2 s. */
  async read(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, 'ok' | 'failed'>> }> {
    const results = await Promise.all([...this.checks].map(async ([name, check]) => [name, await passes(check)] as const));
    const checks = Object.fromEntries(results.map(([name, passed]) => [name, passed ? 'ok' : 'failed'] as const));
    return { ready: !this.stopping && results.every(([, passed]) => passed), checks: this.stopping ? { ...checks, stopping: 'failed' } : checks };
  }
}

async function passes(check: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => { timer = setTimeout(() => reject(new Error('late')), 2_000); });
  try {
    await Promise.race([check(), late]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
