/** The memory of a process and its descendants, as Linux reports it. */
import { readdirSync, readFileSync } from 'node:fs';

const KB_IN_MB = 1_024;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // It has ended in the meantime.
    return '';
  }
};

const isTemporalServer = (pid: number): boolean => read(`/proc/${pid}/cmdline`).includes('\0start-dev\0');

function childrenByParent(): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${name}/status`))?.[1] ?? 0);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  return children;
}

/** The memory of `pid` and all its descendants, without Temporal servers. */
export function residentMegabytes(pid: number): number {
  const children = childrenByParent();
  const sum = (one: number): number => {
    if (isTemporalServer(one)) return 0;
    const own = Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${one}/status`))?.[1] ?? 0);
    return own + (children.get(one) ?? []).reduce((total, child) => total + sum(child), 0);
  };
  return sum(pid) / KB_IN_MB;
}
