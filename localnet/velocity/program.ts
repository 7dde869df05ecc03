/**
 * Velocity's compiled program and the mainnet accounts that go with it. They come from the public repository
 * Harshbhargav45/wick (commit a33455d, `program/tests/fixtures`), which names no licence: they live in the user's cache
 * folder and never become part of the project.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ValidationError } from '../../src/lib/errors.ts';
import { VELOCITY_BUILD_SHA256 } from '../../src/venues/velocity/program/accounts.ts';
import { cacheFolder, type Environment } from '../cache.ts';

const PROGRAM_FILE = 'velocity.so.gz';
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** Each dump: its file, and what it holds. Slot 438,024,296 of mainnet, 2026-08-08. */
const DUMPS = {
  state: ['velocity_state.bin', '7da37d748aed78e82efdb7447199a97f4c145846b143815d469d54b351ad0cdc'],
  perpMarket: ['velocity_perp_market_0.bin', '1ccb166e3932ceba30814e4c350b5687afbaf047c697bacc9313b26dd345f1d5'],
  quoteMarket: ['velocity_spot_market_0.bin', '0793feb0e004486fec72532bc79d9f5c9851db3226f544d6c6c2e4d3bcc2017b'],
  solOracle: ['velocity_oracle_perp.bin', 'a4de0a73c37870b081b55523e64a73458af4a740a25863a37affc39f03b3d71b'],
  quoteOracle: ['velocity_oracle_spot.bin', '0cdb83f2695f2a7c46abee925cc409b1e459f4fe73e1d479433e562a05698bb8'],
} as const;

export interface VelocityDumps extends Readonly<Record<keyof typeof DUMPS, Uint8Array>> {
  /** The market of SOL. Absent: it is made with mainnet's parameters. */
  readonly baseMarket?: Uint8Array;
}

export interface VelocityFiles {
  readonly elf: Uint8Array;
  readonly dumps: VelocityDumps;
}

export const NO_VELOCITY_PROGRAM = `There is no compiled Velocity: put ${PROGRAM_FILE} and the five files velocity_*.bin into the cache folder, or set VELOCITY_FILES to the folder that holds them, or VELOCITY_PROGRAM_PATH to the program and VELOCITY_ACCOUNTS_PATH to the folder of the accounts (program/tests/fixtures at commit a33455d of the public repository Harshbhargav45/wick).`;

/** `VELOCITY_FILES`, else the cache folder. */
const velocityFolder = (env: Environment): string => env.VELOCITY_FILES || cacheFolder(env);

/** Program and accounts may be named each for itself. */
const programPath = (env: Environment): string => env.VELOCITY_PROGRAM_PATH || join(velocityFolder(env), PROGRAM_FILE);
const accountsFolder = (env: Environment): string => env.VELOCITY_ACCOUNTS_PATH || velocityFolder(env);

/**
 * The program and the accounts, each checked by its sha256. Null when the program is not there and no setting names a place
 * for it.
 *
 * @throws ValidationError LOCALNET_VELOCITY_FILES for a file that is missing beside the others, or is another one
 */
export function findVelocity(env: Environment): VelocityFiles | null {
  const program = programPath(env);
  const isConfigured = [env.VELOCITY_FILES, env.VELOCITY_PROGRAM_PATH].some(
    (path) => path !== undefined && path !== '',
  );
  if (!isConfigured && !existsSync(program)) return null;
  const dump = (of: keyof typeof DUMPS): Uint8Array => {
    const [name, sha256] = DUMPS[of];
    return checked(readFile(join(accountsFolder(env), name)), sha256, name);
  };
  return {
    elf: checked(unpacked(readFile(program)), VELOCITY_BUILD_SHA256, `${PROGRAM_FILE}, unpacked,`),
    dumps: {
      state: dump('state'),
      perpMarket: dump('perpMarket'),
      quoteMarket: dump('quoteMarket'),
      solOracle: dump('solOracle'),
      quoteOracle: dump('quoteOracle'),
    },
  };
}

function readFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ValidationError(
      'LOCALNET_VELOCITY_FILES',
      `Velocity's file ${path} cannot be read. ${NO_VELOCITY_PROGRAM}`,
      { path, error: String(error) },
    );
  }
}

function unpacked(bytes: Uint8Array): Uint8Array {
  if (GZIP_MAGIC.some((byte, at) => bytes[at] !== byte)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new ValidationError('LOCALNET_VELOCITY_FILES', `${PROGRAM_FILE} cannot be unpacked: ${String(error)}`);
  }
}

function checked(bytes: Uint8Array, expected: string, name: string): Uint8Array {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 === expected) return bytes;
  throw new ValidationError(
    'LOCALNET_VELOCITY_FILES',
    `${name} is not the file that the layouts were proven on: its sha256 is ${sha256}, not ${expected}.`,
    { name, sha256, expected },
  );
}
