/** Memory for the product and its Temporal server. */
import { readFile } from 'node:fs/promises';
import { freemem } from 'node:os';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const MIB = 1024 * 1024;
/** A paper product and its Temporal server settle at some 600 MB; the first start takes more while it builds. */
const LEAST = 400 * MIB;
const WANTED = 1_024 * MIB;
const LEAST_WHILE_RUNNING = 100 * MIB;

const REMEDY = 'End other programs, or give the machine or container more memory.';
const shown = (bytes: number): string => `${Math.floor(bytes / MIB).toLocaleString('en-US')} MiB`;

export function judgeMemory(bytes: number, runs: boolean): Judgement {
  const free = `${shown(bytes)} of memory are available`;
  if (bytes < (runs ? LEAST_WHILE_RUNNING : LEAST)) return fail(`Only ${free}.`, REMEDY);
  if (!runs && bytes < WANTED) return warn(`${free}; a first start wants 1 GiB.`, REMEDY);
  return pass(`${free}.`);
}

/** What the system would give us, caches included; within a container, at most what it is allowed. */
async function available(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => '');
  const kib = /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1];
  const free = kib === undefined ? freemem() : Number(kib) * 1024;
  const allowed = process.constrainedMemory();
  return allowed > 0 ? Math.min(free, allowed) : free;
}

export const memory: Check = {
  name: 'memory',
  needsSettings: false,
  run: async ({ holder }) => [judgeMemory(await available(), holder !== null)],
};
