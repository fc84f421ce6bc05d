import type { Api } from './api.js';

/** Whoever tells metrics: the platform's first process, or one of its nodes. */
interface Measured {
  readonly api: Api;
}

/** A line of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

type Labels = Readonly<Record<string, string>>;

/** All lines of a metric that have these labels, whatever others they have. */
export async function samplesOf({ api }: Measured, name: string, labels: Labels = {}): Promise<Sample[]> {
  const { text } = await api.get('/metrics');
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return lines.map(sampleOf).filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
}

/** A metric's value, the sum where several lines have these labels; undefined where none has. */
export async function metricOf(measured: Measured, name: string, labels: Labels = {}): Promise<number | undefined> {
  const samples = await samplesOf(measured, name, labels);
  return samples.length === 0 ? undefined : samples.reduce((sum, { value }) => sum + value, 0);
}

function sampleOf(line: string): Sample {
  const labels = [...line.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gu)].map(([, label = '', value = '']): [string, string] => [label, value]);
  return { labels: Object.fromEntries(labels), value: parseFloat(line.slice(line.lastIndexOf(' '))) };
}
