import { availableParallelism } from 'node:os';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { LOGGER, Metrics, type Logger } from '../../platform/telemetry/index.js';
import { EnginePackage } from './engine/engine-package.locator.js';
import { LocalClient } from './local.client.js';
import { LocalEngine, type LocalModelState } from './local-engine.process.js';

/** The models that this process serves itself: one engine for each file, started by its first request and then kept. */
@Injectable()
export class LocalModels implements OnApplicationShutdown {
  private readonly engines = new Map<string, LocalEngine>();
  private readonly installation = new EnginePackage();

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'localModels' | 'upstreamTimeouts'>,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  /** The client of a channel of kind `local`, whose base URL is the path of a GGUF file. Starts nothing yet. */
  client(channel: { readonly baseUrl: string }): LocalClient {
    return new LocalClient(this.engine(channel.baseUrl), this.config.upstreamTimeouts);
  }

  /** How the model of a channel is doing. */
  state(channel: { readonly baseUrl: string }): LocalModelState {
    return this.engine(channel.baseUrl).state;
  }

  /** Ends the engines of files that no channel names any more; their answers under way are cut. */
  async keepOnly(paths: ReadonlySet<string>): Promise<void> {
    const gone = [...this.engines].filter(([path]) => !paths.has(path));
    for (const [path] of gone) this.engines.delete(path);
    await Promise.all(gone.map(([, engine]) => engine.close()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.keepOnly(new Set());
  }

  private engine(path: string): LocalEngine {
    const known = this.engines.get(path);
    if (known !== undefined) return known;
    const { threads, ...options } = this.config.localModels;
    const engine = new LocalEngine(path, { ...options, threads: threads === 0 ? Math.max(1, availableParallelism() - 1) : threads }, this.installation, this.logger, this.metrics);
    this.engines.set(path, engine);
    return engine;
  }
}
