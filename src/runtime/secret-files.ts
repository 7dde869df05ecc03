/** `<NAME>_FILE` for every secret setting: the secret is read from that file, so that it stands in no environment. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { SECRET_SETTINGS, SETTING_NAMES, SETTINGS, type SettingName } from './setting-table.ts';

const SUFFIX = '_FILE';
const MAX_BYTES = 16 * 1024;

export const secretFileName = (name: SettingName): string => `${name}${SUFFIX}`;

/** Every name that the environment and `.env` may use. */
export const NAMES_IN_ENV: readonly string[] = [...SETTING_NAMES, ...SECRET_SETTINGS.map(secretFileName)];

interface SecretFiles {
  readonly texts: ReadonlyMap<SettingName, string>;
  readonly errors: readonly {
    readonly setting: string;
    readonly got: string;
    readonly expected: string;
    readonly problem: string;
  }[];
}

/**
 * @param written what the environment or `.env` says under a name; null: nothing
 * @param cwd relative paths count from here
 */
export function readSecretFiles(written: (name: string) => string | null, cwd: string): SecretFiles {
  const texts = new Map<SettingName, string>();
  const errors: SecretFiles['errors'][number][] = [];
  for (const name of SECRET_SETTINGS) {
    const setting = secretFileName(name);
    const path = written(setting);
    if (path === null) continue;
    const read =
      written(name) === null ? textOf(resolve(cwd, path)) : { problem: `${name} is set too. Set one of them.` };
    if ('text' in read) texts.set(name, read.text);
    else
      errors.push({
        setting,
        got: path,
        expected: `a file that holds ${SETTINGS[name].expected}`,
        problem: read.problem,
      });
  }
  return { texts, errors };
}

function textOf(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    if (statSync(path).size > MAX_BYTES)
      return { problem: `${path} is larger than ${MAX_BYTES} bytes: that is no secret.` };
    const text = readFileSync(path, 'utf8').trim();
    return text === '' ? { problem: `${path} is empty.` } : { text };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return { problem: `${path} cannot be read (${code}). Check the path and who may read it.` };
  }
}
