/** Who else may reach the signer's files. What is open to more than its own user, or one group, stops the start. */
import { lstatSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CriticalError } from '../lib/errors.ts';

const GROUP_WRITES = 0o020;
const OTHERS = 0o007;
const ANYBODY_ELSE = 0o077;
const OTHERS_WRITE = 0o022;

type FileOwner = Pick<Stats, 'uid' | 'mode'>;

const modeText = (mode: number): string => (mode & 0o777).toString(8).padStart(3, '0');

/** Null: it is as it must be. @param kind socket: its group may enter; own: nobody else; policy: others may only read */
export function laxness(
  kind: 'socket' | 'own' | 'policy',
  path: string,
  { uid, mode }: FileOwner,
  self: number,
): string | null {
  if (uid !== self && !(kind === 'policy' && uid === 0)) {
    return `${path} belongs to user ${uid}, and the signer runs as user ${self}. Make it the signer’s own (chown).`;
  }
  const open = { socket: OTHERS | GROUP_WRITES, own: ANYBODY_ELSE, policy: OTHERS_WRITE }[kind];
  if ((mode & open) === 0) return null;
  const right = {
    socket: 'It may be entered by one group and by nobody else: chmod 750.',
    own: 'Only the signer may read it: chmod 600, for a folder 700.',
    policy: 'Only the signer may write it: chmod go-w.',
  }[kind];
  return `${path} is open to others (mode ${modeText(mode)}). ${right}`;
}

export interface SignerPaths {
  readonly policyPath: string;
  readonly keypairPath: string;
  readonly statePath: string;
  readonly socketPath: string;
}

/** @throws CriticalError SIGNER_FILES, with every file that is not as it must be */
export function refuseLaxFiles({ policyPath, keypairPath, statePath, socketPath }: SignerPaths): void {
  const self = process.getuid?.();
  if (self === undefined) {
    throw new CriticalError('SIGNER_FILES', 'The signer needs Unix users and groups. Run it on Linux or macOS.');
  }
  const wrong = [
    // Whoever may write a folder may put another file in its place.
    ...[policyPath, dirname(policyPath), dirname(keypairPath)].map((path) => problemOf('policy', path, self)),
    problemOf('own', keypairPath, self),
    problemOf('own', dirname(statePath), self),
    problemOf('socket', dirname(socketPath), self),
  ].filter((one) => one !== null);
  if (wrong.length > 0) throw new CriticalError('SIGNER_FILES', wrong.join('\n'), { files: wrong });
}

function problemOf(kind: 'socket' | 'own' | 'policy', path: string, self: number): string | null {
  try {
    // A link in the place of the socket's folder could be turned elsewhere.
    return laxness(kind, path, kind === 'socket' ? lstatSync(path) : statSync(path), self);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return `${path} cannot be looked at (${code}). It must be there before the signer starts.`;
  }
}
