import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../config/index.js';
import { Stage } from '../rehearsal/index.js';
import { makeDataSource, type EntityList } from './data-source.js';
import { Database } from './database.js';
import { checkSchema } from './schema-version.js';

@Global()
@Module({})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** Connects both roles and checks the schema before anything else is built. */
  static with(entities: EntityList, migrations: readonly string[]): DynamicModule {
    return {
      module: DatabaseModule,
      providers: [
        {
          provide: Database,
          inject: [CONFIG, Stage],
          useFactory: async (config: Config, stage: Stage): Promise<Database> => {
            const app = await makeDataSource(config.database.appUrl, 'app', config.database.poolSize, entities).initialize();
            const platform = await makeDataSource(config.database.platformUrl, 'platform', 4, entities).initialize();
            await checkSchema(platform, migrations);
            const database = new Database(app, platform, stage);
            await database.warm();
            return database;
          },
        },
      ],
      exports: [Database],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
