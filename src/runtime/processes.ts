/** Other processes of this machine: whether one lives, what it is, who listens on a port, how to end one. */
import { readFileSync } from 'node:fs';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { sleep } from '../lib/sleep.ts';
import { runProgram } from './run-program.ts';

const ASK_MS = 5_000;
const POLL_MS = 25;
const STILL_POLL_MS = 2;
const LISTENING = '0A';

/** False for a zombie too: where nobody reaps orphans (a container's first process), they stay for ever. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Its command line; null when it cannot be told. */
export async function commandLineOf(pid: number): Promise<string | null> {
  if (process.platform === 'linux') {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null);
    return text === null ? null : text.replaceAll('\0', ' ').trim();
  }
  const query =
    process.platform === 'win32'
      ? runProgram(
          'powershell',
          ['-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter "ProcessId=${pid}").CommandLine`],
          ASK_MS,
        )
      : runProgram('ps', ['-o', 'command=', '-p', String(pid)], ASK_MS);
  const { code, output } = await query;
  return code === 0 && output.trim() !== '' ? output.trim() : null;
}

/** SIGTERM, and SIGKILL when it lives on. Resolves when it is gone. */
export async function endProcess(pid: number, graceMs: number): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(pid, name);
    } catch {
      // Gone already.
    }
  };
  signal('SIGTERM');
  // One that is held still takes no other signal.
  if (process.platform !== 'win32') signal('SIGCONT');
  const killAt = performance.now() + graceMs;
  while (isAlive(pid) && performance.now() < killAt) await sleep(POLL_MS);
  if (!isAlive(pid)) return;
  signal('SIGKILL');
  const giveUpAt = performance.now() + graceMs;
  while (isAlive(pid) && performance.now() < giveUpAt) await sleep(POLL_MS);
}

/** Whether every thread of it stands still. */
async function isStill(pid: number): Promise<boolean> {
  if (process.platform === 'linux') {
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
    const stats = await Promise.all(
      threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, 'latin1').catch(() => '')),
    );
    return stats.length > 0 && stats.every((stat) => /^\d+ \(.*\) T/s.test(stat));
  }
  const { code, output } = await runProgram('ps', ['-o', 'state=', '-p', String(pid)], ASK_MS);
  return code === 0 && output.trim().startsWith('T');
}

/**
 * Holds a child still, so that it writes nothing while `work` runs.
 * @throws when it does not stand still within `withinMs`, or is gone
 */
export async function heldStill<T>(pid: number, withinMs: number, work: () => Promise<T>): Promise<T> {
  const goOn = () => {
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // Gone already.
    }
  };
  process.once('exit', goOn);
  try {
    process.kill(pid, 'SIGSTOP');
    const giveUpAt = performance.now() + withinMs;
    while (!(await isStill(pid))) {
      if (performance.now() > giveUpAt) throw new Error(`process ${pid} does not stand still`);
      await sleep(STILL_POLL_MS);
    }
    return await work();
  } finally {
    goOn();
    process.off('exit', goOn);
  }
}

/** Null when we could listen there, else the system's reason. */
export function whyPortUnusable(port: number, host: string): Promise<'EADDRINUSE' | string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}

interface PortOwner {
  readonly pid: number;
  readonly command: string;
}

/** Which process of ours to see listens on a TCP port; null when it cannot be told (another user's, say). */
export async function portOwner(port: number): Promise<PortOwner | null> {
  const pid = process.platform === 'linux' ? await linuxPortOwner(port) : await askedPortOwner(port);
  if (pid === null) return null;
  return { pid, command: (await commandLineOf(pid)) ?? 'unknown program' };
}

async function linuxPortOwner(port: number): Promise<number | null> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${wanted}`) && fields[3] === LISTENING) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const files = await readdir(`/proc/${name}/fd`).catch(() => []);
    for (const file of files) {
      const target = await readlink(`/proc/${name}/fd/${file}`).catch(() => '');
      if (inodes.has(target)) return Number(name);
    }
  }
  return null;
}

async function askedPortOwner(port: number): Promise<number | null> {
  const { output } =
    process.platform === 'win32'
      ? await runProgram(
          'powershell',
          ['-NoProfile', '-Command', `(Get-NetTCPConnection -State Listen -LocalPort ${port}).OwningProcess`],
          ASK_MS,
        )
      : await runProgram('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-t'], ASK_MS);
  const pid = Number(output.trim().split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : null;
}
