import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPILED = pathToFileURL(join(ROOT, 'scripts', 'compiled.mjs')).href;

let folder: string;
let root: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driftless-compiled-'));
  root = join(folder, 'product');
  mkdirSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  write('words', "export const words: string = 'first';");
  write('main', "import { words } from './words.ts'; export const said = words; export const place = import.meta.url;");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

let written = 0;
function write(name: string, text: string): void {
  const path = join(root, 'src', `${name}.ts`);
  writeFileSync(path, text);
  // A file system may count time in seconds.
  written += 1;
  utimesSync(path, written, written);
}

/** In a Node of its own: each run loads modules anew. @param first what that Node does before */
function run(expression: string, first = ''): unknown {
  const code = `${first}
    const { importCompiled } = await import('${COMPILED}');
    const main = await importCompiled(${JSON.stringify(root)}, 'src/main.ts');
    console.log(JSON.stringify(${expression}));`;
  const env = { ...process.env, TMPDIR: join(folder, 'tmp') };
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8', env }));
}

describe('a compiled program', () => {
  it('is compiled again when one of its sources has changed', () => {
    mkdirSync(join(root, 'node_modules'));
    expect(run('main.said')).toBe('first');
    write('words', "export const words: string = 'second';");
    expect(run('main.said')).toBe('second');
  });

  it('knows its sources by their own addresses', () => {
    mkdirSync(join(root, 'node_modules'));
    expect(run('main.place')).toBe(pathToFileURL(join(root, 'src', 'main.ts')).href);
  });

  it('shows its own sources in a stack, and a package where it was compiled to', () => {
    mkdirSync(join(root, 'node_modules', 'caller'), { recursive: true });
    writeFileSync(
      join(root, 'node_modules', 'caller', 'index.js'),
      'exports.call = function call(work) { return work(); };',
    );
    const thrower = "import { call } from 'caller';\n\nfunction fails(): never {\n  throw new Error('no');\n}";
    write(
      'main',
      `${thrower}\nexport const said = (): string => { try { return call(fails); } catch (e) { return (e as Error).stack ?? ''; } };`,
    );
    const [, failing, calling] = String(run('main.said()')).split('\n');
    expect(failing).toMatch(/at fails \(.*main\.ts:4:\d+\)/);
    expect(calling).toMatch(/main\.mjs:\d+:\d+\)$/);
  });

  it('finds packages that are not compiled, also where builds cannot be kept beside them', () => {
    mkdirSync(join(folder, 'packages', 'esbuild'), { recursive: true });
    writeFileSync(join(folder, 'packages', 'esbuild', 'index.js'), 'exports.version = 7;');
    // A file in the place of the folder: nobody, not even root, can write below it.
    writeFileSync(join(folder, 'packages', '.cache'), '');
    symlinkSync(join(folder, 'packages'), join(root, 'node_modules'), 'junction');
    write(
      'main',
      "import { version } from 'esbuild'; export const said = version; export const place = import.meta.url;",
    );
    expect(run('main.said')).toBe(7);
  });
  it('writes nothing through a folder that others could have made for it', () => {
    const planted = join(folder, 'tmp', `driftless-compiled-${userInfo().username}`);
    const ours = join(folder, 'ours');
    writeFileSync(join(root, 'node_modules'), 'nothing can be kept here');
    writeFileSync(ours, 'all of it');
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    mkdirSync(planted);
    chmodSync(planted, 0o777);
    const link = `import { symlinkSync } from 'node:fs';
      symlinkSync(${JSON.stringify(ours)}, ${JSON.stringify(`${planted}/.`)} + process.pid);`;
    expect(run('main.said', link)).toBe('first');
    expect(readFileSync(ours, 'utf8')).toBe('all of it');
    expect(readdirSync(planted).every((name) => name.startsWith('.'))).toBe(true);
  });
});
