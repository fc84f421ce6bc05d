type Tree = Readonly<Record<string, unknown>>;

/** Objects whose keys are names that others gave: they stay as they are. */
const OWN_NAMES = new Set(['thresholds']);

/** The same tree with the keys that the API speaks. */
export function snakeKeys(tree: object): Record<string, unknown> {
  return renamed(tree as Tree, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** The same tree with the keys that the program speaks. */
export function camelKeys(tree: object): Record<string, unknown> {
  return renamed(tree as Tree, (key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
}

function renamed(tree: Tree, rename: (key: string) => string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [rename(key), isTree(value) && !OWN_NAMES.has(key) ? renamed(value, rename) : value]));
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
