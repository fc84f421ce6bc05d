import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE = join('engines', 'llama');

/** Where the engine's package lies: below the folder of the app's own `package.json`. */
export class EnginePackage {
  constructor(private readonly folder: string = join(appFolder(import.meta.dirname), PACKAGE)) {}

  /** What the engine's process runs. */
  get script(): string {
    return join(this.folder, 'serve.ts');
  }

  /** Asked at every start of an engine, so that one that was installed meanwhile is found. */
  get installed(): boolean {
    return existsSync(this.script) && existsSync(join(this.folder, 'node_modules', 'node-llama-cpp', 'package.json'));
  }
}

/** The nearest folder above with a `package.json`: the same from the sources and from `dist`. */
function appFolder(from: string): string {
  const above = dirname(from);
  return above === from || existsSync(join(from, 'package.json')) ? from : appFolder(above);
}
