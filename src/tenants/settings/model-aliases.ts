import { CLIENT_PLATFORMS, type ClientPlatform } from '../../platform/context/index.js';

/** Another name for a model, as a tenant sets it. */
export interface ModelAlias {
  /** The model's public name. */
  readonly model: string;
  /** Only clients on these platforms know the alias; absent: all. */
  readonly clients?: readonly ClientPlatform[];
  /** Whether the model's own name is hidden where the alias is known, as app stores' reviews may ask for; true unless told. */
  readonly hide?: boolean;
}

/** By alias. */
export type ModelAliases = Readonly<Record<string, ModelAlias>>;

const MOST_ALIASES = 100;
const KEYS = new Set(['model', 'clients', 'hide']);

/** Says what is wrong with a value for `model_aliases`, or nothing. */
export function aliasFault(value: unknown, isModel: (name: unknown) => boolean): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object of aliases';
  const entries = Object.entries(value);
  if (entries.length > MOST_ALIASES) return `must have at most ${MOST_ALIASES} aliases`;
  for (const [alias, target] of entries) {
    if (!isModel(alias) || alias === '__proto__') return 'must have model names as keys';
    if (!isAlias(target, isModel)) return 'must have values such as {"model": "deepseek-chat", "clients": ["ios"], "hide": true}';
    if (target.model === alias) return 'must not name a model after itself';
  }
  const aliases = value as ModelAliases;
  for (const platform of CLIENT_PLATFORMS) {
    const hidden = hiding(aliases, platform).map(([, { model }]) => model);
    if (new Set(hidden).size !== hidden.length) return 'must hide a model behind one alias only on each client platform';
  }
  return undefined;
}

/** The aliases that a client on the platform knows. */
export function aliasesOn(aliases: ModelAliases, platform: ClientPlatform): readonly (readonly [alias: string, target: ModelAlias])[] {
  return Object.entries(aliases).filter(([, { clients }]) => clients === undefined || clients.includes(platform));
}

/** What a model is called before a client on the platform: its name, or the alias that hides it there. */
export function shownModel(aliases: ModelAliases, platform: ClientPlatform, model: string): string {
  return hiding(aliases, platform).find(([, target]) => target.model === model)?.[0] ?? model;
}

function hiding(aliases: ModelAliases, platform: ClientPlatform): readonly (readonly [alias: string, target: ModelAlias])[] {
  return aliasesOn(aliases, platform).filter(([, { hide }]) => hide !== false);
}

function isAlias(value: unknown, isModel: (name: unknown) => boolean): value is ModelAlias {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.keys(value).every((key) => KEYS.has(key))) return false;
  const { model, clients, hide } = value as Record<string, unknown>;
  const goodClients = clients === undefined || (Array.isArray(clients) && clients.length > 0 && clients.every((each) => CLIENT_PLATFORMS.includes(each as ClientPlatform)));
  return isModel(model) && goodClients && (hide === undefined || typeof hide === 'boolean');
}
