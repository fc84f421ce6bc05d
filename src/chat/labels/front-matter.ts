/** What JSON leaves as it is, and YAML 1.2 does not take within quotes, or takes for a line end (sections 5.1, 5.4). */
const UNPRINTABLE = /[\x7F-\x9F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g;

/** A JSON text that is YAML too, on one line whatever its contents. */
export function yamlScalar(value: string | number | boolean | null): string {
  const json = JSON.stringify(typeof value === 'string' ? value.toWellFormed() : value);
  return json.replace(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A mapping on one line. */
export function yamlObject(fields: Readonly<Record<string, string>>): string {
  return `{${Object.entries(fields).map(([key, value]) => `${yamlScalar(key)}: ${yamlScalar(value)}`).join(', ')}}`;
}

export const FRONT_MATTER_EDGE = '---\n';
