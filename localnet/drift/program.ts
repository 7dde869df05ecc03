import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ValidationError } from '../../src/lib/errors.ts';
import { cacheFolder, type Environment } from '../cache.ts';

/** The program's own address: it is compiled into it. */
export const DRIFT_PROGRAM_ID = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
const DRIFT_PROGRAM_VERSION = '2.84.0';
/** Of the compiled program v2.84.0 in the public repository drift-labs/drift-vaults. */
const DRIFT_PROGRAM_SHA256 = '080423d7c91f826994124873a62d5e752da51d06159ed010002f8f2f20d4e2a7';
const FILE_NAME = `drift-v${DRIFT_PROGRAM_VERSION}.so`;

/** Accounts that were cloned. */
export const cachedAccountsFolder = (env: Environment): string => join(cacheFolder(env), 'drift-accounts');

export const cachedProgramPath = (env: Environment): string => join(cacheFolder(env), FILE_NAME);

/**
 * The compiled Drift program: `DRIFT_PROGRAM_PATH`, else in the cache folder. Null when there is none.
 *
 * @throws ValidationError LOCALNET_DRIFT_PROGRAM for a file that is another program, or a configured path without a file
 */
export function findDriftProgram(env: Environment): string | null {
  const configured = env.DRIFT_PROGRAM_PATH;
  if (configured !== undefined && configured !== '') {
    checkDriftProgram(readProgramFile(configured), configured);
    return configured;
  }
  const cached = cachedProgramPath(env);
  if (!existsSync(cached)) return null;
  checkDriftProgram(readProgramFile(cached), cached);
  return cached;
}

/** @throws ValidationError LOCALNET_DRIFT_PROGRAM */
export function readProgramFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ValidationError('LOCALNET_DRIFT_PROGRAM', `The Drift program cannot be read: ${String(error)}`, { path });
  }
}

/** @throws ValidationError LOCALNET_DRIFT_PROGRAM */
export function checkDriftProgram(elf: Uint8Array, from: string): void {
  const sha256 = createHash('sha256').update(elf).digest('hex');
  if (sha256 === DRIFT_PROGRAM_SHA256) return;
  throw new ValidationError(
    'LOCALNET_DRIFT_PROGRAM',
    `${from} is not Drift v${DRIFT_PROGRAM_VERSION}: its sha256 is ${sha256}, not ${DRIFT_PROGRAM_SHA256}.`,
    { from, sha256, expected: DRIFT_PROGRAM_SHA256 },
  );
}

export const NO_DRIFT_PROGRAM = `There is no compiled Drift v${DRIFT_PROGRAM_VERSION}: set DRIFT_PROGRAM_PATH, or put it into the cache folder as ${FILE_NAME} (git blob 01e6ca97d4d4cac24a60a7cbe9040fa88606ef51 of the public repository drift-labs/drift-vaults).`;
