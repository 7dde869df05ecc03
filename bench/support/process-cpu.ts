/** The processor time that a process and its descendants have used, as Linux reports it. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
const PARENT_FIELD = 1;
const USER_FIELD = 11;
const SYSTEM_FIELD = 12;

/** The fields behind the name, which may hold spaces; null: the process has ended. */
function fieldsOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

export function cpuSeconds(pid: number): number {
  const used = new Map<number, { readonly parent: number; readonly seconds: number }>();
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? fieldsOf(Number(name)) : null;
    if (fields === null) continue;
    const ticks = Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD]);
    used.set(Number(name), { parent: Number(fields[PARENT_FIELD]), seconds: ticks / TICKS_PER_SECOND });
  }
  const sum = (one: number): number => {
    const children = [...used].filter(([, { parent }]) => parent === one);
    return (used.get(one)?.seconds ?? 0) + children.reduce((total, [child]) => total + sum(child), 0);
  };
  return sum(pid);
}
