/** A month of the log, as its first day: `2026-11-01`, UTC. */
export type Month = string;

const PARTITION = /^verdicts_(\d{4})_(\d{2})$/;

/** The month of a moment and those after it. */
export function monthsFrom(ms: number, count: number): readonly Month[] {
  const { year, month } = yearAndMonth(ms);
  return Array.from({ length: count }, (_, ahead) => firstDay(year, month + ahead));
}

/** The month that a partition is of; undefined for any other table. */
export function monthOfPartition(name: string): Month | undefined {
  const parts = PARTITION.exec(name);
  return parts === null ? undefined : `${parts[1]}-${parts[2]}-01`;
}

/** Whether the whole month was over by then. */
export function isOverBy(month: Month, ms: number): boolean {
  const start = yearAndMonth(Date.parse(`${month}T00:00:00Z`));
  return Date.UTC(start.year, start.month + 1) <= ms;
}

function yearAndMonth(ms: number): { readonly year: number; readonly month: number } {
  const date = new Date(ms);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() };
}

function firstDay(year: number, month: number): Month {
  return new Date(Date.UTC(year, month)).toISOString().slice(0, 10);
}
