import type { Lexicon } from '../text/lexicon.js';

const RETRY_MS = 1_000;

export interface OwnerLexiconOptions {
  /** Reads what is listed now and builds it, under this version. Never runs twice at once. */
  readonly build: (version: string) => Promise<Lexicon>;
  readonly onBuilt: () => void;
  readonly onFault: (error: unknown) => void;
}

/**
 * One owner's lexicon in this process: the one that was built last serves until the next is ready. However fast its
 * lists change, one build runs at a time, and one more after it. A build that fails is tried again every second.
 */
export class OwnerLexicon {
  private held: Lexicon | undefined;
  private building: Promise<Lexicon> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  /** @param wanted version of the lists as they are now. Nothing is built before somebody asks for it. */
  constructor(private wanted: string, private readonly options: OwnerLexiconOptions) {}

  /** undefined until the first is built. */
  get ready(): Lexicon | undefined {
    return this.held;
  }

  /** The lists changed: builds in the background, where anybody used this lexicon. */
  want(version: string): void {
    this.wanted = version;
    this.pursue();
  }

  /** The lexicon, as soon as there is one. @throws what `build` throws where there is none that could serve meanwhile */
  async get(): Promise<Lexicon> {
    return this.held ?? this.build();
  }

  /** Builds the first in the background; after a build that failed not within the same second. */
  begin(): void {
    if (this.held === undefined && this.retry === undefined) this.build().catch(() => undefined);
  }

  /** Resolves when nothing is left to be built, or a build failed. */
  async settled(): Promise<void> {
    while (this.building !== undefined) await this.building.catch(() => undefined);
  }

  /** It is not wanted any more. Who got it from here may go on with it. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.retry);
  }

  private pursue(): void {
    if (this.held !== undefined && this.held.version !== this.wanted && !this.stopped) this.build().catch(() => undefined);
  }

  private build(): Promise<Lexicon> {
    this.building ??= this.run();
    return this.building;
  }

  private async run(): Promise<Lexicon> {
    clearTimeout(this.retry);
    this.retry = undefined;
    try {
      const built = await this.options.build(this.wanted);
      this.held = built;
      this.building = undefined;
      this.options.onBuilt();
      this.pursue();
      return built;
    } catch (error) {
      this.building = undefined;
      this.options.onFault(error);
      this.tryAgain();
      throw error;
    }
  }

  private tryAgain(): void {
    if (this.stopped) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.pursue();
    }, RETRY_MS);
    this.retry.unref();
  }
}
