import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsTable } from '../../platform/redis/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { INJECTION_PATTERNS } from '../text/injection-patterns.js';
import { within } from '../../platform/values/index.js';
import { Lexicon } from '../text/lexicon.js';
import { BuildSlots } from './build-slots.js';
import { OwnerLexicon } from './owner-lexicon.js';
import type { WordOwner } from './word-owner.js';
import { WordReading, shortDigest } from './word-reading.service.js';

/** An own object for each state of the lexicon: the cache asks for the size of new ones only. */
interface Kept {
  readonly lexicon: OwnerLexicon;
}

/** Another release may have other patterns built in. */
const BUILT_IN_VERSION = shortDigest(JSON.stringify(INJECTION_PATTERNS));
/** Tells every node that an owner's lists changed. */
const WORDS_CHANGED = 'words.changed';
const EVERY_MS = 30_000;
/** Tenants' lexicons that this process keeps, and the bytes of all of them; what was asked for least goes, and is built again when it is. */
const KEPT = { max: 5_000, maxSize: 256 * 1_024 * 1_024 } as const;
/** A word beside the arrays that are searched, roughly. */
const ENTRY_BYTES = 200;
const BUILDS_AT_ONCE = 4;
/** How long a text waits for the first lexicon of its tenant in this process. */
const FIRST_MS = 10_000;
/** How long a change waits until it holds in this process, before its author is answered. */
const CHANGE_MS = 2_000;

/**
 * What texts are searched for: the platform's lexicon (its lists, and the patterns of prompt injection), and the
 * tenant's own. In every process, api and worker. The platform's is there before the process serves anybody; a tenant's
 * is built when it is first asked for. A change on any node builds a new one behind the old, which serves until then.
 */
@Injectable()
export class Lexicons implements OnModuleInit, OnApplicationShutdown {
  private readonly table: NewsTable;
  private readonly platform: OwnerLexicon;
  private readonly tenants: LRUCache<string, Kept>;
  private readonly slots = new BuildSlots(BUILDS_AT_ONCE);
  /** Of the lists of every tenant that has words. */
  private versions: ReadonlyMap<string, string> = new Map();

  constructor(private readonly reading: WordReading, private readonly metrics: Metrics, @Inject(LOGGER) private readonly logger: Logger, bus: Bus) {
    this.platform = this.lexiconOf(undefined, '');
    this.tenants = new LRUCache({ ...KEPT, sizeCalculation: ({ lexicon }) => Math.min(KEPT.maxSize, sizeOf(lexicon.ready)), dispose: ({ lexicon }, _, reason) => { if (reason !== 'set') lexicon.stop(); } });
    this.table = new NewsTable(bus, { channels: [WORDS_CHANGED], everyMs: EVERY_MS, load: () => this.load(), onFault: (error) => this.logger.warn(errorFields(error), 'word lists could not be read, or told') });
  }

  async onModuleInit(): Promise<void> {
    await this.table.follow();
    await this.platform.get();
  }

  onApplicationShutdown(): void {
    this.table.stop();
    this.platform.stop();
    this.tenants.clear();
  }

  /** What holds for the tenant, the platform's first; undefined where the tenant's own is yet to be built: `of` waits for it. */
  ready(tenantId: string): readonly Lexicon[] | undefined {
    const platform = this.platform.ready;
    const version = this.versions.get(tenantId);
    if (platform === undefined) return undefined;
    if (version === undefined) return [platform];
    const own = this.tenants.get(tenantId)?.lexicon.ready;
    return own === undefined ? undefined : [platform, own];
  }

  /** The same, at any time. @throws unavailable where the tenant's lists can't be had within 10 s; the driver's error where they can't be read */
  async of(tenantId: string): Promise<readonly Lexicon[]> {
    return this.ready(tenantId) ?? [await this.platform.get(), await within(FIRST_MS, this.own(tenantId).get(), refuse)];
  }

  /** What `ready` gives, for whoever asks again soon: where the tenant's own is yet to be built, that begins. Costs a few look-ups. */
  newest(tenantId: string): readonly Lexicon[] | undefined {
    const ready = this.ready(tenantId);
    if (ready === undefined) this.own(tenantId).begin();
    return ready;
  }

  /** What holds for every tenant. */
  async ofPlatform(): Promise<readonly Lexicon[]> {
    return [await this.platform.get()];
  }

  /**
   * A short text that differs whenever what `of` gives differs; for the keys of stored verdicts. Ask for it before `of`:
   * then a verdict is at least as new as its key. @throws as `of`
   */
  async versionOf(tenantId: string): Promise<string> {
    return versionOf(await this.of(tenantId));
  }

  /** After a change of an owner's lists that was committed: in place here when this resolves (2 s at most), on the other nodes within moments. Never rejects. */
  async tell(owner: WordOwner): Promise<void> {
    await this.table.tell(owner ?? 'platform');
    const lexicon = owner === undefined ? this.platform : this.tenants.peek(owner)?.lexicon;
    if (lexicon !== undefined) await within(CHANGE_MS, lexicon.settled(), () => undefined);
  }

  private async load(): Promise<void> {
    const { platform, tenants } = await this.reading.versions();
    this.versions = tenants;
    this.platform.want(shortDigest(`${BUILT_IN_VERSION}-${platform}`));
    for (const [tenantId, { lexicon }] of [...this.tenants.entries()]) {
      const version = tenants.get(tenantId);
      if (version === undefined) this.tenants.delete(tenantId);
      else lexicon.want(version);
    }
  }

  /** The tenant's lexicon, made where there is none yet. */
  private own(tenantId: string): OwnerLexicon {
    const kept = this.tenants.get(tenantId)?.lexicon;
    if (kept !== undefined) return kept;
    const lexicon = this.lexiconOf(tenantId, this.versions.get(tenantId) ?? '');
    this.tenants.set(tenantId, { lexicon });
    return lexicon;
  }

  private lexiconOf(owner: WordOwner, version: string): OwnerLexicon {
    const lexicon: OwnerLexicon = new OwnerLexicon(version, {
      build: (wanted) => this.slots.take(() => this.build(owner, wanted)),
      onBuilt: () => this.measure(owner, lexicon),
      onFault: (error) => {
        this.metrics.lexiconFaults.inc();
        this.logger.error({ tenant: owner, ...errorFields(error) }, 'a lexicon could not be built');
      },
    });
    return lexicon;
  }

  private measure(owner: WordOwner, lexicon: OwnerLexicon): void {
    if (owner !== undefined && this.tenants.peek(owner)?.lexicon === lexicon) this.tenants.set(owner, { lexicon });
    this.metrics.lexiconWords.set({ owner: 'platform' }, this.platform.ready?.size ?? 0);
    this.metrics.lexiconWords.set({ owner: 'tenants' }, [...this.tenants.values()].reduce((sum, kept) => sum + (kept.lexicon.ready?.size ?? 0), 0));
    this.metrics.lexiconBytes.set(sizeOf(this.platform.ready) + this.tenants.calculatedSize);
  }

  private async build(owner: WordOwner, version: string): Promise<Lexicon> {
    const done = this.metrics.lexiconSeconds.startTimer();
    const listed = await this.reading.entries(owner);
    const lexicon = await Lexicon.build(owner === undefined ? [...INJECTION_PATTERNS, ...listed] : listed, { owner: owner === undefined ? 'platform' : 'tenant', version });
    done();
    if (lexicon.leftOut > 0) this.logger.warn({ tenant: owner, leftOut: lexicon.leftOut }, 'words are not searched for: too many of the lists are written alike, or end alike');
    return lexicon;
  }
}

/** Bytes, of which an empty place takes one. */
function sizeOf(lexicon: Lexicon | undefined): number {
  return lexicon === undefined ? 1 : lexicon.bytes + lexicon.size * ENTRY_BYTES + 1;
}

/** Unsearched text must not pass: the caller refuses, or does what its policy says. */
function refuse(): never {
  throw new DomainError('unavailable', { retryAfterMs: 1_000 });
}

/** Of lexicons that were asked for together. */
export function versionOf(lexicons: readonly Lexicon[]): string {
  return lexicons.map(({ version }) => version).join('.');
}
