/** The documents name what exists: files, links, and the code behind each term of the glossary. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT, readSource } from './imports.ts';

const CHAPTERS = readdirSync(join(ROOT, 'docs/architecture')).map((name) => `docs/architecture/${name}`);
const DOCUMENTS = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...['docs/glossary.md', 'localnet/README.md', ...CHAPTERS.filter((name) => name.endsWith('.md'))],
];
const TOP = /^(src|workflows|activities|dashboard|localnet|tests|bench|scripts|docs|\.github)\//;

/** Paths from the root that a text puts in backticks; a `*` stands for any rest of a name. */
const pathsIn = (text: string): readonly string[] =>
  [...text.matchAll(/`([^`\s]+)`/g)]
    .map(([, path]) => path as string)
    .filter((path) => TOP.test(path) && !/[<>{}|"']|…/.test(path));

function exists(path: string): boolean {
  // Tables name a test by its folder and first word.
  if (existsSync(join(ROOT, `tests/${path}.test.ts`))) return true;
  if (!path.includes('*')) return existsSync(join(ROOT, path));
  const [start = ''] = path.split('*');
  const folder = start.endsWith('/') ? start : dirname(start);
  return (
    existsSync(join(ROOT, folder)) &&
    readdirSync(join(ROOT, folder)).some((name) => join(folder, name).startsWith(start))
  );
}

describe.each(DOCUMENTS)('%s', (document) => {
  const text = readSource(document);

  it('names files that exist', () => {
    expect(pathsIn(text).filter((path) => !exists(path))).toEqual([]);
  });

  it('has links that lead somewhere', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target as string);
    expect(links.filter((target) => !existsSync(join(ROOT, dirname(document), target)))).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  it('names the rooms of the domain in the order of their arrows', () => {
    const list = /const DOMAIN_ROOMS = \[([^\]]+)\]/.exec(readSource('tests/architecture/arrows.test.ts'))?.[1] ?? '';
    const inOrder = [...list.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    const rows = readSource('ARCHITECTURE.md').split('\n| room |')[1]?.split('\n\n')[0] ?? '';
    const named = [...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(named).toEqual(inOrder);
    const folders = readdirSync(join(ROOT, 'src/domain'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect([...named].sort()).toEqual(folders.map(({ name }) => name).sort());
  });
});

describe('ARCHITECTURE.md as a table of contents', () => {
  const text = readSource('ARCHITECTURE.md');

  it('lists every chapter', () => {
    expect(CHAPTERS.filter((chapter) => !text.includes(`](${chapter})`))).toEqual([]);
  });

  it('has a row among the rooms for every folder of sources', () => {
    const rooms = text.split('| folder | what it holds |')[1]?.split('\n\n')[0] ?? '';
    const hidden = new Set(['docs', 'node_modules', 'coverage', 'dist', 'secrets', 'src']);
    const folders = (path: string): readonly string[] =>
      readdirSync(join(ROOT, path), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !hidden.has(entry.name))
        .map(({ name }) => (path === '' ? name : `${path}/${name}`));
    const lacking = [...folders(''), ...folders('src')].filter((folder) => !rooms.includes(`\`${folder}`));
    expect(lacking).toEqual([]);
  });
});

describe('the glossary', () => {
  const rows = readSource('docs/glossary.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| term '))
    .map((line) => line.split('|').map((cell) => cell.trim()));

  it.each(rows.map(([, term = '', , code = '']) => [term, code]))('%s is %s', (_term, code) => {
    const [, name, path = ''] = /^`(\w+)` in `([^`]+)`$/.exec(code) ?? [];
    expect(name).toBeDefined();
    const declared = new RegExp(`^export (?:async |abstract )?(?:interface|type|class|const|function) ${name}\\b`, 'm');
    expect(readSource(path)).toMatch(declared);
  });

  it('has each term once', () => {
    const terms = rows.map(([, term]) => term);
    expect(terms.length).toBeGreaterThan(40);
    expect(new Set(terms).size).toBe(terms.length);
  });
});
