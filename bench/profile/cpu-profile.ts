import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { fileURLToPath } from 'node:url';

interface Frame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: Frame;
  readonly children?: readonly number[];
}

/** The file that `--cpu-prof` writes. Times are µs of the monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Time in µs by name, largest first. */
export type Ranking = readonly { readonly name: string; readonly micros: number }[];

export interface ProfileReading {
  /** Time in which the process did something. */
  readonly busyMicros: number;
  readonly byGroup: Ranking;
  /** Time charged to the nearest package or room up the stack: Node's own code and native functions count for who calls them. */
  readonly byCaller: Ranking;
  /** Native functions are named with the nearest function up the stack that is not Node's. */
  readonly byFunction: Ranking;
  /** Time charged to the nearest function of our own up the stack: what calling it costs, libraries included. */
  readonly byOwner: Ranking;
}

const IDLE = '(idle)';

/** Sums up the samples between two times. `own` tells our code's URLs. */
export function readProfile(profile: CpuProfile, span: { readonly from: number; readonly to: number }, root: string): ProfileReading {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const node of profile.nodes) for (const child of node.children ?? []) parents.set(child, node.id);
  const places = new Places(root);
  const groups = new Map<string, number>();
  const callers = new Map<string, number>();
  const functions = new Map<string, number>();
  const owners = new Map<string, number>();
  let busyMicros = 0;
  let at = profile.startTime;
  profile.samples.forEach((id, index) => {
    at += profile.timeDeltas[index] ?? 0;
    // A sample stands for the time until the next one.
    const micros = Math.max(0, profile.timeDeltas[index + 1] ?? 0);
    const node = nodes.get(id);
    if (node === undefined || at < span.from || at > span.to || node.callFrame.functionName === IDLE) return;
    busyMicros += micros;
    add(groups, places.groupOf(node.callFrame), micros);
    const caller = callerOf(id, nodes, parents);
    add(callers, places.groupOf(caller), micros);
    add(functions, caller === node.callFrame ? places.nameOf(caller) : `${places.nameOf(node.callFrame)} ← ${places.nameOf(caller)}`, micros);
    add(owners, ownerOf(id, nodes, parents, places), micros);
  });
  return { busyMicros, byGroup: ranked(groups), byCaller: ranked(callers), byFunction: ranked(functions), byOwner: ranked(owners) };
}

/** The nearest frame from here up that is neither Node's nor native; the frame itself when there is none. */
function callerOf(id: number, nodes: ReadonlyMap<number, ProfileNode>, parents: ReadonlyMap<number, number>): Frame {
  for (let each: number | undefined = id; each !== undefined; each = parents.get(each)) {
    const frame = nodes.get(each)?.callFrame;
    if (frame !== undefined && frame.url !== '' && !frame.url.startsWith('node:')) return frame;
  }
  return nodes.get(id)?.callFrame ?? { functionName: '', url: '', lineNumber: 0, columnNumber: 0 };
}

function ownerOf(id: number, nodes: ReadonlyMap<number, ProfileNode>, parents: ReadonlyMap<number, number>, places: Places): string {
  let outermost = '';
  for (let each: number | undefined = id; each !== undefined; each = parents.get(each)) {
    const frame = nodes.get(each)?.callFrame;
    if (frame === undefined) break;
    if (places.isOwn(frame)) return places.nameOf(frame);
    const group = places.groupOf(frame);
    if (group.startsWith('npm ') || group === 'garbage collector') outermost = group;
    else if (outermost === '' && group === 'node') outermost = 'node';
  }
  return outermost === '' ? 'other' : `${outermost}, no code of ours above`;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function ranked(sums: ReadonlyMap<string, number>): Ranking {
  return [...sums].map(([name, micros]) => ({ name, micros })).sort((a, b) => b.micros - a.micros);
}

/** Names code by where it stands in the sources. */
class Places {
  private readonly maps = new Map<string, SourceMap | undefined>();
  private readonly names = new Map<Frame, string>();

  constructor(private readonly root: string) {}

  isOwn(frame: Frame): boolean {
    return frame.url.startsWith('file:') && frame.url.includes('/dist/src/');
  }

  groupOf(frame: Frame): string {
    if (frame.url === '') return frame.functionName === '(garbage collector)' ? 'garbage collector' : frame.functionName === '(program)' ? 'native code and system calls' : 'built-in functions';
    if (frame.url.startsWith('node:')) return 'node';
    const own = /\/dist\/src\/([^/]+)\//.exec(frame.url)?.[1];
    if (own !== undefined) return `src/${own}`;
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(frame.url)?.[1];
    return name === undefined ? 'other' : `npm ${name}`;
  }

  nameOf(frame: Frame): string {
    const known = this.names.get(frame);
    if (known !== undefined) return known;
    const name = `${frame.functionName === '' ? '(anonymous)' : frame.functionName}  ${this.placeOf(frame)}`.trimEnd();
    this.names.set(frame, name);
    return name;
  }

  private placeOf(frame: Frame): string {
    if (frame.url === '') return '';
    if (frame.url.startsWith('node:')) return `${frame.url}:${frame.lineNumber + 1}`;
    const path = frame.url.startsWith('file:') ? fileURLToPath(frame.url) : frame.url;
    if (!this.isOwn(frame)) return `${path.slice(path.lastIndexOf('/node_modules/') + '/node_modules/'.length)}:${frame.lineNumber + 1}`;
    const entry = this.mapOf(path)?.findEntry(frame.lineNumber, frame.columnNumber);
    const line = entry !== undefined && 'originalLine' in entry ? entry.originalLine + 1 : frame.lineNumber + 1;
    return `${path.slice(`${this.root}/dist/`.length).replace(/\.js$/, '.ts')}:${line}`;
  }

  private mapOf(path: string): SourceMap | undefined {
    if (!this.maps.has(path)) {
      let map: SourceMap | undefined;
      try {
        map = new SourceMap(JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMapPayload);
      } catch {
        map = undefined;
      }
      this.maps.set(path, map);
    }
    return this.maps.get(path);
  }
}
