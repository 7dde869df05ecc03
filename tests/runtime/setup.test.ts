import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SETUP = pathToFileURL(join(import.meta.dirname, '..', '..', 'scripts', 'setup.mjs')).href;

/** The scripts are plain JavaScript that runs before anything is installed: asked in a Node of their own. */
async function ask(expression: string): Promise<string> {
  const code = `import * as setup from '${SETUP}'; try { console.log(${expression}) } catch (error) { console.log(error.message) }`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]);
  return stdout.trim();
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: object): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), JSON.stringify(content));
}

const stale = (dev = false) => ask(`setup.staleDependencies(${JSON.stringify(folder)}, ${dev})`);

describe('the dependencies', () => {
  const lock = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/tool': { version: '3.0.0', dev: true },
      'node_modules/only-mac': { version: '1.0.0', optional: true },
    },
  };
  beforeEach(() => {
    write('package.json', { dependencies: { a: '1.0.0' }, devDependencies: { tool: '3.0.0' } });
    write('package-lock.json', lock);
  });
  const installed = (packages: object) => {
    write('node_modules/.package-lock.json', { packages });
    write('node_modules/a/package.json', {});
  };

  it('are installed when there are none', async () => {
    expect(await stale()).toBe('not installed yet');
  });

  it('are fresh when they are what the lockfile names, whatever this system does not need', async () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(await stale()).toBe('null');
  });

  it('are installed anew when the lockfile names another version', async () => {
    installed({ 'node_modules/a': { version: '0.9.0' } });
    expect(await stale()).toBe('a is not up to date');
  });

  it('are installed anew when one was deleted by hand, or an install was cut off', async () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    rmSync(join(folder, 'node_modules', 'a'), { recursive: true });
    expect(await stale()).toBe('a is missing');
    writeFileSync(join(folder, 'node_modules', '.package-lock.json'), '{"pack');
    expect(await stale()).toBe('the last install was cut off');
  });

  it('include the tools only for the tests', async () => {
    installed({ 'node_modules/a': { version: '1.0.0' } });
    expect(await stale(true)).toBe('tool is not up to date');
  });
});

describe('Node’s version', () => {
  it.each(['20.19.0', '20.20.2', '22.12.0', '23.1.0', '24.0.0', '25.1.0'])('takes %s', async (version) => {
    expect(await ask(`setup.checkNode('${version}') ?? 'fits'`)).toBe('fits');
  });

  it.each(['18.20.0', '20.18.3', '21.7.0', '22.11.0'])('refuses %s with the remedy', async (version) => {
    const said = await ask(`setup.checkNode('${version}')`);
    expect(said).toContain(version);
    expect(said).toContain('Remedy');
  });
});
