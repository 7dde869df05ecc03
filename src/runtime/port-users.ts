/** Which users of this machine listen on a port. Anybody can take a port that is free, also the one that was ours yesterday. */
import { readFile } from 'node:fs/promises';

const LISTENING = '0A';
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const ROOT_USER = 0;

const ANY_V4 = '0.0.0.0';
const ANY_V6 = '::';
const MAPPED = /^0000000000000000FFFF0000([0-9A-F]{8})$/;

/** An address of the kernel's tables, which write four bytes at a time, the last one first. Only what we compare with has a text. */
function addressOf(hex: string): string {
  const v4 = hex.length === 8 ? hex : MAPPED.exec(hex)?.[1];
  if (v4 !== undefined) return [6, 4, 2, 0].map((at) => String(Number.parseInt(v4.slice(at, at + 2), 16))).join('.');
  if (/^0+$/.test(hex)) return ANY_V6;
  return /^0{24}01000000$/.test(hex) ? '::1' : hex;
}

/** The ids of the users who listen where a client of `host` and `port` arrives, by the kernel's tables of connections. */
export function usersListening(tables: readonly string[], host: string, port: number): ReadonlySet<number> {
  const hosts = new Set([ANY_V4, ANY_V6, ...(host === 'localhost' ? ['127.0.0.1', '::1'] : [host])]);
  const users = new Set<number>();
  for (const line of tables.flatMap((table) => table.split('\n').slice(1))) {
    const [, local = '', , state, , , , user] = line.trim().split(/\s+/);
    const [address = '', itsPort = ''] = local.split(':');
    if (state !== LISTENING || Number.parseInt(itsPort, 16) !== port) continue;
    if (hosts.has(addressOf(address))) users.add(Number(user));
  }
  return users;
}

/**
 * The id of a user, neither we nor root, who listens there; null: there is none, or the system does not say. Linux tells
 * everybody, the others do not.
 */
export async function strangerAt(host: string, port: number): Promise<number | null> {
  const own = process.getuid?.();
  if (process.platform !== 'linux' || own === undefined) return null;
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  const users = [...usersListening(tables, host, port)];
  return users.find((user) => user !== own && user !== ROOT_USER) ?? null;
}
