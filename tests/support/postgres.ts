/** A real Postgres for tests: its own cluster in a temporary folder on a free port; null where none is installed. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-ports.ts';

export interface TestPostgres {
  readonly url: string;
  readonly pid: number;
  /** An empty database of its own. */
  createDatabase(): Promise<string>;
  /** Ends the server at once, as a crash does, and starts it again on the same port. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const INSTALLED = '/usr/lib/postgresql';
const START_TRIES = 200;
const START_PAUSE_MS = 50;

function binaries(): string | null {
  const folders = [
    ...(process.env.PATH ?? '').split(delimiter),
    ...(existsSync(INSTALLED) ? readdirSync(INSTALLED).map((version) => join(INSTALLED, version, 'bin')) : []),
  ];
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres'))) ?? null;
}

/** Postgres refuses to run as root: then it runs as `nobody`. */
function unprivileged(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}

async function ask(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 1_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(statement);
  } finally {
    await client.end().catch(() => {});
  }
}

export const noPostgres = (): string | false => binaries() === null && 'no Postgres on this machine';

/** Null, with the reason on stderr, when Postgres is not installed. */
export async function startPostgres(connections = 60): Promise<TestPostgres | null> {
  const bin = binaries();
  if (bin === null) {
    process.stderr.write('skipped: no Postgres (initdb, postgres) in PATH or /usr/lib/postgresql\n');
    return null;
  }
  const user = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), 'driftless-pg-'));
  if (user !== null) chownSync(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, ...user, env: { ...process.env, HOME: folder, LC_ALL: 'C' } };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'driftless', '-A', 'trust', '-E', 'UTF8', '-N'], {
    ...options,
    stdio: 'ignore',
  });
  const port = await freePort();
  const url = `postgres://driftless@127.0.0.1:${port}/postgres`;
  const settings = [
    'fsync=off',
    `max_connections=${connections}`,
    `unix_socket_directories=${folder}`,
    'listen_addresses=127.0.0.1',
  ];
  const launch = () =>
    spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])], {
      ...options,
      stdio: 'ignore',
    });
  let server = launch();
  const end = async (signal: NodeJS.Signals) => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exited = once(server, 'exit');
    server.kill(signal);
    await exited;
  };
  const ready = async () => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await ask(url, 'SELECT 1');
      } catch (error) {
        if (tries >= START_TRIES || server.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, START_PAUSE_MS));
      }
    }
  };
  await ready();
  let databases = 0;
  return {
    url,
    get pid() {
      return server.pid ?? 0;
    },
    async createDatabase() {
      databases += 1;
      await ask(url, `CREATE DATABASE test_${databases}`);
      return url.replace(/postgres$/, `test_${databases}`);
    },
    // An immediate shutdown: no goodbye to clients, recovery at the next start.
    crash: () => end('SIGQUIT'),
    async start() {
      server = launch();
      await ready();
    },
    async stop() {
      await end('SIGINT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
