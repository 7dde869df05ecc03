/** Who else on this machine can read or change what is the owner's alone. */
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { SettingSource } from '../../runtime/config.ts';
import { SECRET_SETTINGS } from '../../runtime/setting-table.ts';
import { TOKEN_FILES } from '../../runtime/token.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass } from '../finding.ts';

const OTHERS = 0o077;
const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(3, '0');

/** Null: closed, missing, or on a system that keeps no such bits. */
export async function openToOthers(path: string): Promise<string | null> {
  if (process.platform === 'win32') return null;
  const found = await stat(path).catch(() => null);
  return found === null || (found.mode & OTHERS) === 0 ? null : octal(found.mode);
}

const holdsSecret = ({ dotenv }: SettingSource): boolean =>
  SECRET_SETTINGS.some((name) => new RegExp(`^\\s*(export\\s+)?${name}\\s*=\\s*\\S`, 'm').test(dotenv ?? ''));

/** The nearest folder that is there: a data folder is made by the first start. */
export async function existing(path: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  return found !== null || dirname(path) === path ? path : await existing(dirname(path));
}

async function judgeFolder(folder: string, setting: string): Promise<readonly Judgement[]> {
  const there = await existing(folder);
  const found = await stat(there).catch(() => null);
  const remedy = `Set ${setting} to a folder that you can write.`;
  if (found !== null && !found.isDirectory()) return [fail(`${there} is a file, not a folder.`, remedy)];
  const why = await access(there, constants.W_OK | constants.X_OK).then(
    () => null,
    ({ code }: NodeJS.ErrnoException) => code ?? 'unknown error',
  );
  if (why === null) return [];
  const uid = process.getuid?.();
  return [
    found !== null && uid !== undefined && found.uid !== uid
      ? fail(
          `${there} belongs to another user (number ${found.uid}; you are ${uid}) and cannot be written.`,
          `Run Driftless as that user, or set ${setting} to a folder that you can write.`,
        )
      : fail(`${there} cannot be written (${why}).`, remedy),
  ];
}

export const files: Check = {
  name: 'files',
  needsSettings: true,
  async run({ settings: { home, logDir, live }, source }) {
    const said: Judgement[] = [];
    said.push(...(await judgeFolder(home, 'DRIFTLESS_HOME')));
    // Within a data folder that cannot be used there is nothing more to say.
    if (said.length === 0 || !logDir.startsWith(join(home, sep))) said.push(...(await judgeFolder(logDir, 'LOG_DIR')));
    const closed: readonly (readonly [path: string, what: string, isSecret: boolean])[] = [
      [home, 'The data folder', (await stat(home).catch(() => null))?.isDirectory() === true],
      [join(home, TOKEN_FILES.full), 'The token', true],
      [join(home, TOKEN_FILES.read), 'The read token', true],
      [join(source.cwd, '.env'), 'A secret in .env', holdsSecret(source)],
      ...(live.keypairPath === null ? [] : [[live.keypairPath, 'The key file', true] as const]),
    ];
    for (const [path, what, isSecret] of closed) {
      const mode = isSecret ? await openToOthers(path) : null;
      if (mode !== null) {
        const bits = path === home ? '700' : '600';
        said.push(fail(`${what} is open to other users: ${path} has mode ${mode}.`, `Run chmod ${bits} ${path}.`));
      }
    }
    return said.length > 0 ? said : [pass('Data folder, token and secrets are their owner’s alone.')];
  },
};
