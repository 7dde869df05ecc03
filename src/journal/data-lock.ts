/**
 * The lock on a data folder: one process at a time. Each contender listens on a socket of its own in the folder and
 * then asks every other one; if none is alive, it has the lock. The kernel ends a dead process's socket at once, so a
 * SIGKILL leaves nothing that blocks: only a file that refuses connections, which the next holder removes.
 *
 * Why two never hold it: each listens before it asks, so of two contenders the one that asks later finds the other.
 * Only a holder removes a file, and the process that listened on that file finds the holder.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { CriticalError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';

export interface LockInfo {
  readonly pid: number;
  /** Where the holder's page is, once it is known. */
  readonly url: string | null;
}

export type DataLock =
  | {
      readonly kind: 'locked';
      /** Changes the information that a second start gets, e.g. once the URL is known. */
      readonly update: (info: LockInfo) => void;
      readonly release: () => Promise<void>;
    }
  | { readonly kind: 'held'; readonly by: LockInfo };

/** sun_path holds 104 bytes on macOS and 108 on Linux, with the NUL at its end. */
const MAX_SOCKET_PATH_BYTES = 100;
const NAME = /^lock-(\d+)-[0-9a-f]{8}\.sock$/;
/** A holder with a busy event loop is alive too; then only its pid is known. */
const ANSWER_TIMEOUT_MS = 1_500;
const MAX_ANSWER_BYTES = 4_096;
const MAX_ROUNDS = 100;
const ROUND_PAUSE_MS = 25;

interface LockAnswer extends LockInfo {
  readonly holder: boolean;
}

/** Null: nothing listens there. */
function ask(path: string, pid: number): Promise<LockAnswer | null> {
  return new Promise((resolve) => {
    let text = '';
    let socket: Socket | null = null;
    const end = (answer: LockAnswer | null) => {
      clearTimeout(timer);
      socket?.destroy();
      resolve(answer);
    };
    const silent: LockAnswer = { pid, url: null, holder: true };
    const timer = setTimeout(() => end(silent), ANSWER_TIMEOUT_MS);
    socket = connect(path);
    socket.setEncoding('utf8');
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'ENOTSOCK') end(null);
      // It went away during the question: the next round finds out. Any other error (a full backlog) is a sign of life.
      else end({ ...silent, holder: code !== 'ECONNRESET' && code !== 'EPIPE' });
    });
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.length > MAX_ANSWER_BYTES) end(silent);
    });
    socket.on('end', () => {
      try {
        const { pid: itsPid, url, holder } = JSON.parse(text) as Partial<LockAnswer>;
        end({ pid: itsPid ?? pid, url: url ?? null, holder: holder ?? true });
      } catch {
        end({ ...silent, holder: false });
      }
    });
  });
}

function listen(path: string, answer: () => LockAnswer): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end(JSON.stringify(answer()));
    });
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => {});
      // The lock must not keep the process running.
      server.unref();
      resolve(server);
    });
  });
}

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** The folder of the sockets, and a short path to it. */
interface SocketPlace {
  readonly folder: string;
  /** Equals `folder` unless its path is too long for a socket. */
  readonly reach: string;
  readonly dispose: () => void;
}

function placeIn(folder: string): SocketPlace {
  const longest = join(folder, 'lock-4294967295-ffffffff.sock');
  if (Buffer.byteLength(longest) <= MAX_SOCKET_PATH_BYTES) return { folder, reach: folder, dispose: () => {} };
  // The limit is on the path as given, not on where it leads: a symlink of our own is short, and the sockets still
  // lie in the data folder, where every process looks, whatever its TMPDIR.
  const short = mkdtempSync(join(Buffer.byteLength(tmpdir()) > 50 ? '/tmp' : tmpdir(), 'dl-'));
  symlinkSync(folder, join(short, 'd'));
  return { folder, reach: join(short, 'd'), dispose: () => rmSync(short, { recursive: true, force: true }) };
}

const besideOf = (folder: string): string => join('/tmp', `driftless-${userInfo().uid}-${digest(folder)}`);

/** For file systems without sockets (some shared folders): a private folder of this user, named after the data folder. */
function placeBeside(folder: string): SocketPlace {
  const uid = userInfo().uid;
  const beside = besideOf(folder);
  mkdirSync(beside, { recursive: true, mode: 0o700 });
  const found = lstatSync(beside);
  if (!found.isDirectory() || found.uid !== uid) {
    throw new CriticalError('DATA_FOLDER_INVALID', `${beside} belongs to another user`, {
      remedy: 'remove it, or set DRIFTLESS_HOME to another folder',
    });
  }
  return { folder: beside, reach: beside, dispose: () => {} };
}

const NO_SOCKETS: ReadonlySet<string> = new Set(['EOPNOTSUPP', 'ENOTSUP', 'EPERM', 'EINVAL', 'ENOSYS']);

const cannotLock = (folder: string): CriticalError =>
  new CriticalError('DATA_FOLDER_INVALID', `The data folder ${folder} cannot be locked`, {
    remedy: 'stop other programs that use this data folder',
  });

async function contend(place: SocketPlace, info: LockInfo): Promise<DataLock> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const lock = await contendOnce(place, info);
    if (lock !== null) return lock;
    await sleep(ROUND_PAUSE_MS);
  }
  throw cannotLock(place.folder);
}

/** One contender; null if it stepped back for a rival. */
async function contendOnce(place: SocketPlace, info: LockInfo): Promise<DataLock | null> {
  const name = `lock-${process.pid}-${randomBytes(4).toString('hex')}.sock`;
  let told: LockAnswer = { ...info, holder: false };
  const server = await listen(join(place.reach, name), () => told);
  const own = join(place.folder, name);
  const release = async () => {
    await close(server);
    rmSync(own, { force: true });
  };
  try {
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const names = readdirSync(place.folder).filter((other) => NAME.test(other));
      const others = names.filter((other) => other !== name);
      const answers = await Promise.all(
        others.map((other) => ask(join(place.reach, other), Number(NAME.exec(other)?.[1]))),
      );
      const holder = answers.find((answer) => answer?.holder);
      if (holder) {
        await release();
        return { kind: 'held', by: { pid: holder.pid, url: holder.url } };
      }
      const rivals = others.filter((_, index) => answers[index] !== null);
      if (rivals.length === 0 && names.includes(name)) {
        told = { ...told, holder: true };
        for (const other of others) rmSync(join(place.folder, other), { force: true });
        return {
          kind: 'locked',
          update: (next) => {
            told = { ...next, holder: true };
          },
          release,
        };
      }
      // Of rivals that start at once, the first by name stays; the others step back, ask again and find it holding.
      if (!names.includes(name) || rivals.some((rival) => rival < name)) break;
      await sleep(ROUND_PAUSE_MS);
    }
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return null;
}

/** Windows: a pipe's name is exclusive and ends with its process, so listening is the lock. */
const pipeOf = (folder: string): string => `\\\\.\\pipe\\driftless-${digest(folder.toLowerCase())}`;

async function contendOnPipe(folder: string, info: LockInfo): Promise<DataLock> {
  const path = pipeOf(folder);
  let told: LockAnswer = { ...info, holder: true };
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    try {
      const server = await listen(path, () => told);
      return {
        kind: 'locked',
        update: (next) => {
          told = { ...next, holder: true };
        },
        release: () => close(server),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    const holder = await ask(path, 0);
    if (holder !== null) return { kind: 'held', by: { pid: holder.pid, url: holder.url } };
    await sleep(ROUND_PAUSE_MS);
  }
  throw cannotLock(folder);
}

/** The holder among those who listen in `place`; null: there is none. */
async function holderIn(place: SocketPlace): Promise<LockInfo | null> {
  const names = readdirSync(place.folder).filter((name) => NAME.test(name));
  const answers = await Promise.all(names.map((name) => ask(join(place.reach, name), Number(NAME.exec(name)?.[1]))));
  const holder = answers.find((answer) => answer?.holder);
  return holder === undefined || holder === null ? null : { pid: holder.pid, url: holder.url };
}

/** Who holds the lock, asked without contending for it: a start at the same moment is not disturbed. Null: nobody. */
export async function holderOf(dir: string): Promise<LockInfo | null> {
  if (!existsSync(dir)) return null;
  const folder = realpathSync(dir);
  if (process.platform === 'win32') {
    const answer = await ask(pipeOf(folder), 0);
    return answer === null ? null : { pid: answer.pid, url: answer.url };
  }
  const place = placeIn(folder);
  try {
    return (await holderIn(place)) ?? (existsSync(besideOf(folder)) ? await holderIn(placeBeside(folder)) : null);
  } finally {
    place.dispose();
  }
}

/**
 * Locks the folder (created if missing) for this process until `release` or its end, or returns who holds it.
 * @throws CriticalError DATA_FOLDER_INVALID when it cannot be locked
 */
export async function lockDataFolder(dir: string, info: LockInfo): Promise<DataLock> {
  mkdirSync(dir, { recursive: true });
  const folder = realpathSync(dir);
  if (process.platform === 'win32') return contendOnPipe(folder, info);
  const place = placeIn(folder);
  try {
    return await contend(place, info);
  } catch (error) {
    if (!NO_SOCKETS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return await contend(placeBeside(folder), info);
  } finally {
    place.dispose();
  }
}
