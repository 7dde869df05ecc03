/** The tokens of page, API and socket: given, or made here and kept where only their owner reads them. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Access } from '../bridge/tokens.ts';
import { ValidationError } from '../lib/errors.ts';
import { OWNER_ONLY, replacePrivateFile } from './private-file.ts';

/** In the data folder. */
export const TOKEN_FILES: Readonly<Record<Access, string>> = { full: 'token', read: 'read-token' };
const SETTING_OF: Readonly<Record<Access, string>> = { full: 'DRIFTLESS_TOKEN', read: 'DRIFTLESS_READ_TOKEN' };
const TOKEN_BYTES = 24;
const WELL_FORMED = /^[\w-]{16,256}$/;

/** Made at the first start. */
export async function openToken(home: string, given: string | null): Promise<string> {
  return given ?? (await keptToken(home, 'full')) ?? (await makeToken(home, 'full'));
}

/** Null: there is none. */
export async function openReadToken(home: string, given: string | null): Promise<string | null> {
  return given ?? (await keptToken(home, 'read'));
}

/**
 * A new one, in place of the one that is kept. @param given what the setting says
 * @throws ValidationError PERMISSION_DENIED when the setting says which token it is
 */
export async function replaceToken(home: string, access: Access, given: string | null): Promise<string> {
  if (given === null) return await makeToken(home, access);
  const setting = SETTING_OF[access];
  throw new ValidationError(
    'PERMISSION_DENIED',
    `This token is set by ${setting}. Set another one there, for every role, and restart.`,
    { setting },
  );
}

/** A start that found half a token would make another one. */
async function makeToken(home: string, access: Access): Promise<string> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await replacePrivateFile(join(home, TOKEN_FILES[access]), `${token}\n`);
  return token;
}

async function keptToken(home: string, access: Access): Promise<string | null> {
  const path = join(home, TOKEN_FILES[access]);
  const kept = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (!WELL_FORMED.test(kept)) return null;
  await chmod(path, OWNER_ONLY);
  return kept;
}
