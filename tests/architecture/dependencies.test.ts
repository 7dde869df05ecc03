/** What we install: pinned, checked against tampering, and under licences that let it be used. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { licencesText } from '../../scripts/write-licences.mjs';
import { ROOT } from './imports.ts';

interface Locked {
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
const PACKAGES = Object.entries(read('package-lock.json').packages as Readonly<Record<string, Locked>>).filter(
  ([path]) => path !== '',
);
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

const FREE = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'CC0-1.0',
  'BlueOak-1.0.0',
  'Zlib',
  'Python-2.0',
]);
/** Under other terms, and why that is all right here. */
const OTHERS: Readonly<Record<string, string>> = {
  'rpc-websockets': 'LGPL-3.0: a library of web3.js that is used unchanged and can be replaced in node_modules',
  'axe-core': 'MPL-2.0: used unchanged, by the tests alone',
  'caniuse-lite': 'CC-BY-4.0: data for the build of the page, which names its source',
  eyes: 'MIT, by the LICENSE file in it',
  'text-encoding-utf-8': 'Unlicense, by the LICENSE.md file in it',
  unionfs: 'Unlicense, by the LICENSE file in it',
};
/** Used unchanged, to build the page. */
const isLightningCss = (name: string): boolean => /^lightningcss(-|$)/.test(name);
/** Binaries of other platforms, of which the lockfile holds neither licence nor checksum: they are of the package beside. */
const OF_A_PLATFORM = /^(@biomejs\/cli|@swc\/core|litesvm)-(android|darwin|linux|win32)-/;

describe('LICENCES.md', () => {
  it('lists what Driftless runs with, as the lockfile has it: node scripts/write-licences.mjs', () => {
    const written = readFileSync(join(ROOT, 'LICENCES.md'), 'utf8');
    expect(written).toBe(licencesText(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')));
    expect(written).not.toContain('| unknown |');
  });
});

describe('dependencies', () => {
  it('of ours are pinned to one version', () => {
    const { dependencies, devDependencies } = read('package.json');
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+[\w.-]*$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });

  it('have a checksum each, except binaries of other platforms', () => {
    const unchecked = PACKAGES.filter(
      ([path, { integrity, link, optional }]) =>
        integrity === undefined && link !== true && !(optional === true && OF_A_PLATFORM.test(nameOf(path))),
    );
    expect(unchecked.map(([path]) => path)).toEqual([]);
  });

  it('are under licences that let them be used, or are listed with a reason', () => {
    const judged = PACKAGES.filter(([path, { license }]) => {
      const name = nameOf(path);
      if (name in OTHERS || isLightningCss(name) || OF_A_PLATFORM.test(name)) return false;
      const parts = (license ?? 'none').replace(/[()]/g, '').split(/ (?:OR|AND) /);
      return !parts.every((part) => FREE.has(part));
    });
    expect(judged.map(([path, { license }]) => `${path}: ${license ?? 'none'}`)).toEqual([]);
    const names = new Set(PACKAGES.map(([path]) => nameOf(path)));
    expect(Object.keys(OTHERS).filter((name) => !names.has(name))).toEqual([]);
  });
});
