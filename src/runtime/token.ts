/** The token of page, API and socket: given, or made once and kept where only its owner reads it. */
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const TOKEN_FILE = 'token';
const TOKEN_BYTES = 24;
const WELL_FORMED = /^[\w-]{16,256}$/;
const OWNER_ONLY = 0o600;

export async function openToken(home: string, given: string | null): Promise<string> {
  if (given !== null) return given;
  const path = join(home, TOKEN_FILE);
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (WELL_FORMED.test(kept.trim())) {
    await chmod(path, OWNER_ONLY);
    return kept.trim();
  }
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await writeFile(path, `${token}\n`, { mode: OWNER_ONLY });
  return token;
}
