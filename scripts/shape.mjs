// `npm run shape`: a feeling for the size of the house, beside figures of nine trees of this field. Rings are an error.
import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const OTHERS = 'vendure core 52/250/2171, logto core 99/312/893, formance 61/265/861, medusa core-flows 38/126/457, bullmq 39/681/3032, novu api 19/102/751, Portkey 48/265/2634';

const walk = (folder) => readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? walk(join(folder, entry.name)) : entry.name.endsWith('.ts') ? [join(folder, entry.name)] : []));
const lines = (file) => readFileSync(file, 'utf8').split('\n').length;
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const all = walk(join(ROOT, 'src'));
const sources = all.filter((file) => !file.endsWith('.spec.ts'));
const tests = [...all.filter((file) => file.endsWith('.spec.ts')), ...walk(join(ROOT, 'test'))];
const room = (file) => relative(join(ROOT, 'src'), file).split('/').length > 1 ? relative(join(ROOT, 'src'), file).split('/')[0] : '(composition)';

function row(name, files) {
  const sizes = files.map(lines).sort((a, b) => a - b);
  const largest = files.reduce((most, file) => (lines(file) > lines(most) ? file : most), files[0]);
  console.log(`${name.padEnd(16)} ${String(files.length).padStart(4)} files   lines ${quantile(sizes, 0.5)} / ${quantile(sizes, 0.9)} / ${sizes.at(-1)}   largest ${relative(ROOT, largest)}`);
}

console.log('lines per file: median / 90th percentile / largest');
row('src', sources);
for (const name of [...new Set(sources.map(room))].sort()) row(`  ${name}`, sources.filter((file) => room(file) === name));
console.log(`others           ${OTHERS}`);

const imports = new Map(sources.map((file) => [file, [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)].map((match) => resolve(dirname(file), match[1].replace(/\.js$/, '.ts'))).filter((target) => sources.includes(target))]));
const fileRings = rings(imports);
const roomImports = new Map();
for (const [file, targets] of imports) {
  const from = room(file);
  if (from === '(composition)') continue;
  roomImports.set(from, new Set([...(roomImports.get(from) ?? []), ...targets.map(room).filter((to) => to !== from && to !== '(composition)')]));
}
const roomRings = rings(new Map([...roomImports].map(([from, targets]) => [from, [...targets]])));
console.log(`rings            files ${fileRings.length}, rooms ${roomRings.length}`);

const text = sources.map((file) => readFileSync(file, 'utf8'));
const total = sources.reduce((sum, file) => sum + lines(file), 0);
const anys = text.reduce((sum, source) => sum + (source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '').match(/:\s*any\b|<any>|as any\b/g) ?? []).length, 0);
const most = sources.map((file) => [Math.max(0, ...[...readFileSync(file, 'utf8').matchAll(/constructor\(([\s\S]*?)\)\s*\{/g)].map((match) => match[1].split(/,(?![^(<]*[)>])/).filter((part) => part.trim() !== '').length)), file]).sort((a, b) => b[0] - a[0])[0];
console.log(`constructor      most arguments ${most[0]} (${relative(ROOT, most[1])})`);
console.log(`any              ${((anys / total) * 1000).toFixed(2)} per 1,000 lines`);
console.log(`test to source   ${tests.reduce((sum, file) => sum + lines(file), 0)} : ${total} lines`);
if (fileRings.length + roomRings.length > 0) {
  for (const ring of [...fileRings, ...roomRings]) console.error(`ring: ${ring.map((each) => (each.startsWith('/') ? relative(ROOT, each) : each)).join(' → ')}`);
  process.exit(1);
}

/** Strongly connected components of more than one node (Tarjan). */
function rings(graph) {
  const index = new Map();
  const low = new Map();
  const stack = [];
  const found = [];
  const visit = (node) => {
    index.set(node, index.size);
    low.set(node, index.get(node));
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node), low.get(next)));
      } else if (stack.includes(next)) low.set(node, Math.min(low.get(node), index.get(next)));
    }
    if (low.get(node) !== index.get(node)) return;
    const ring = stack.splice(stack.indexOf(node));
    if (ring.length > 1) found.push(ring);
  };
  for (const node of graph.keys()) if (!index.has(node)) visit(node);
  return found;
}
