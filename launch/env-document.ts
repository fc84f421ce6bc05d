import { configurationSettings, type Setting } from '../src/platform/config/index.js';

const HEAD = `# Environment

Generated from \`src/platform/config\` by \`npm run docs\`: it is what the processes ask for. Everything is checked at start, and all faults are listed at once, by name and without values.
An empty value is the same as none. \`.env.example\` is a template.

Required means: without it the command does not start. **app** is \`npm run start:prod\`, **migrate** \`npm run migrate\`, **audit** \`npm run audit\` and \`npm run keys:rotate\`.
\`npm start\` without \`NODE_ENV=production\` brings what is missing itself: embedded servers, secrets that it makes and keeps, simulators. It alone reads \`DATA_DIR\` (\`.data\`), its folder.
`;

/** `docs/env.md`: every variable, as the readers of the configuration ask for it. */
export function environmentDocument(): string {
  const readers = Object.entries(configurationSettings());
  const settings = new Map(readers.flatMap(([, asked]) => asked).map((setting) => [setting.name, setting]));
  const requiredBy = (name: string): string => readers.filter(([, asked]) => asked.some((setting) => setting.name === name && setting.required)).map(([reader]) => reader).join(', ');
  const rows = families([...settings.values()]).map(({ names, setting }) =>
    `| ${names} | ${setting.what.replaceAll('|', '\\|')} | ${code(setting.fallback)} | ${setting.bounds ?? ''} | ${requiredBy(setting.name)} |`);
  return [HEAD, '| name | meaning | default | bounds | required by |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}

/** Numbered variables of one meaning share a row. */
function families(settings: readonly Setting[]): readonly { readonly names: string; readonly setting: Setting }[] {
  const meanings = [...new Set(settings.map((setting) => setting.what))];
  return meanings.map((what) => {
    const family = settings.filter((setting) => setting.what === what) as [Setting, ...Setting[]];
    const last = family.at(-1)?.name;
    return { names: family.length === 1 ? code(family[0].name) : `${code(family[0].name)} … ${code(last)}`, setting: family[0] };
  });
}

function code(text: string | undefined): string {
  return text === undefined ? '' : `\`${text}\``;
}
