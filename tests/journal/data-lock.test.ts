import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DataLock, lockDataFolder } from '../../src/journal/data-lock.ts';
import { itLong } from '../support/long.ts';
import { type Child, startChild } from './child-process.ts';

const me = { pid: process.pid, url: null };
let folder: string;
const children: Child[] = [];
const locks: DataLock[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) await child.kill('SIGKILL');
  for (const lock of locks.splice(0)) if (lock.kind === 'locked') await lock.release();
  rmSync(folder, { recursive: true, force: true });
});

async function take(where = folder, info: { pid: number; url: string | null } = me): Promise<DataLock> {
  const lock = await lockDataFolder(where, info);
  locks.push(lock);
  return lock;
}

async function ready(where: string, url = ''): Promise<Child> {
  const child = startChild('./lock-child.ts', [where, url]);
  children.push(child);
  await child.line((line) => line === 'ready');
  return child;
}

async function goes(child: Child): Promise<{ kind: string; by: { pid: number; url: string | null } | null }> {
  child.process.stdin?.write('go\n');
  return JSON.parse(await child.line((line) => line.startsWith('{')));
}

describe('lockDataFolder', () => {
  it('tells another process who holds the folder, with the page it serves', async () => {
    const lock = await take();
    if (lock.kind !== 'locked') throw new Error('not locked');
    lock.update({ pid: process.pid, url: 'http://127.0.0.1:8765' });
    const child = await ready(folder);
    expect(await goes(child)).toEqual({ kind: 'held', by: { pid: process.pid, url: 'http://127.0.0.1:8765' } });
  });

  it('is free at once after its holder was killed, and nothing stale remains', async () => {
    const child = await ready(folder, 'http://127.0.0.1:1');
    expect((await goes(child)).kind).toBe('locked');
    expect(await take()).toEqual({ kind: 'held', by: { pid: child.process.pid, url: 'http://127.0.0.1:1' } });
    await child.kill('SIGKILL');
    expect((await take()).kind).toBe('locked');
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('is held by a process that is stopped and cannot answer', async () => {
    const child = await ready(folder);
    await goes(child);
    child.process.kill('SIGSTOP');
    expect(await take()).toEqual({ kind: 'held', by: { pid: child.process.pid, url: null } });
  });

  it('goes to exactly one of several processes that start at once, over what a killed one left', async () => {
    const dead = await ready(folder);
    await goes(dead);
    await dead.kill('SIGKILL');
    const rivals = await Promise.all(Array.from({ length: 5 }, () => ready(folder)));
    const results = await Promise.all(rivals.map(goes));
    const winner = rivals[results.findIndex((result) => result.kind === 'locked')];
    expect(results.filter((result) => result.kind === 'locked')).toHaveLength(1);
    for (const result of results) {
      if (result.kind === 'held') expect(result.by?.pid).toBe(winner?.process.pid);
    }
  });

  itLong('goes to exactly one of many contenders, again and again', async () => {
    for (let round = 0; round < 40; round += 1) {
      const results = await Promise.all(Array.from({ length: 8 }, () => lockDataFolder(folder, me)));
      const winners = results.filter((result) => result.kind === 'locked');
      expect(winners).toHaveLength(1);
      for (const winner of winners) await winner.release();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('works in a folder whose path is too long for a socket, and for each such folder by itself', async () => {
    const deep = join(folder, 'a'.repeat(90), 'b'.repeat(90));
    const other = join(folder, 'a'.repeat(90), 'c'.repeat(90));
    mkdirSync(deep, { recursive: true });
    expect((await take(deep)).kind).toBe('locked');
    expect((await take(other)).kind).toBe('locked');
    const child = await ready(deep);
    expect((await goes(child)).by?.pid).toBe(process.pid);
  });

  it('knows a folder by whatever name it is called', async () => {
    expect((await take()).kind).toBe('locked');
    expect((await take(join(folder, '..', folder.split('/').at(-1) ?? ''))).kind).toBe('held');
  });

  it('makes the folder when it is missing, and can be taken again after its release', async () => {
    const missing = join(folder, 'new', 'home');
    const first = await take(missing);
    if (first.kind !== 'locked') throw new Error('not locked');
    await first.release();
    expect((await take(missing)).kind).toBe('locked');
  });
});
