import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Below the range from which a system gives out ports (32768 and up on Linux, 49152 elsewhere): what somebody opens on port 0
 * in the meantime, such as a local chain of the very product, is none of these.
 */
const FROM = 20_000;
const CHOICE = 12_000;

/** A file for each port that was given out: another test file, in another process, does not get it while its product starts. */
const CLAIMS = join(tmpdir(), 'driftless-test-ports');
/** Longer than a test file takes. */
const CLAIMED_MS = 30 * 60_000;

function claimed(port: number): boolean {
  mkdirSync(CLAIMS, { recursive: true });
  const path = join(CLAIMS, String(port));
  try {
    if (Date.now() - statSync(path).mtimeMs > CLAIMED_MS) rmSync(path, { force: true });
  } catch {}
  try {
    writeFileSync(path, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

/** Null: taken. */
const bound = (port: number): Promise<Server | null> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

async function boundSomewhere(): Promise<readonly [port: number, server: Server]> {
  for (;;) {
    const port = FROM + Math.floor(Math.random() * CHOICE);
    const server = await bound(port);
    if (server === null) continue;
    if (claimed(port)) return [port, server];
    server.close();
  }
}

/** Ports that were free a moment ago: asked for together, so that no two are the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = await Promise.all(Array.from({ length: count }, boundSomewhere));
  await Promise.all(found.map(([, server]) => new Promise((resolve) => server.close(resolve))));
  return found.map(([port]) => port);
}

export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no port');
  return port;
}
