import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { describeUnless } from '../../localnet/tests/support/unless.ts';
import { openDataFolder } from '../../src/runtime/data-folder.ts';

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

let folder: string;
let umask: number;
beforeEach(() => {
  umask = process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driftless-folder-'));
});
afterEach(() => {
  process.umask(umask);
  rmSync(folder, { recursive: true, force: true });
});

describeUnless(process.platform === 'win32' && 'Windows has no such modes or signals')('the data folder', () => {
  it('is made for its owner alone, with all that is written later, wide modes included', async () => {
    const home = join(folder, 'a', 'home');
    expect(await openDataFolder(home)).toBeNull();
    expect(modeOf(home)).toBe('700');
    writeFileSync(join(home, 'file'), '', { mode: 0o666 });
    expect(modeOf(join(home, 'file'))).toBe('600');
  });

  it.each([
    ['a file stands in its place', () => join(folder, 'file')],
    ['a file stands in its way', () => join(folder, 'file', 'home')],
    // mkdir -p of Node never ended there.
    ['nothing can be made there', () => '/proc/x/home'],
  ])('is refused in one sentence with the remedy when %s', async (_why, home) => {
    writeFileSync(join(folder, 'file'), '');
    await expect(openDataFolder(home())).rejects.toMatchObject({
      code: 'DATA_FOLDER_INVALID',
      message: expect.stringContaining(home()),
      details: { remedy: expect.stringContaining('DRIFTLESS_HOME') },
    });
  });

  it('is closed when an earlier version left it open', async () => {
    const home = join(folder, 'home');
    mkdirSync(home);
    chmodSync(home, 0o777);
    expect(await openDataFolder(home)).toBeNull();
    expect(modeOf(home)).toBe('700');
  });
});
