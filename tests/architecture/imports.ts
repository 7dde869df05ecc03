/** Reads what each source file imports, for the tests of the arrows. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface Import {
  readonly from: string;
  /** A file of ours by its path from the root, else a package's name, e.g. `node:fs`, `@temporalio/client`. */
  readonly to: string;
  readonly ours: boolean;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
}

export const readSource = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const SOURCE = /\.(ts|tsx|mts|mjs)$/;
const PASSED_OVER = new Set(['node_modules', 'dist', 'coverage']);

export function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return PASSED_OVER.has(entry.name) ? [] : sourceFiles(path);
    return SOURCE.test(entry.name) && !entry.name.endsWith('.d.ts') ? [path] : [];
  });
}

const STATIC = /(?:^|\n)\s*(?:import|export)\s+(type\s+)?((?:[\w*\s{},$]|\bas\b)*?)\s*from\s*['"]([^'"]+)['"]/g;
const SIDE_EFFECT = /(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

/** `{ type A, type B }` is erased too. */
const onlyTypes = (names: string): boolean => {
  const inner = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  if (inner === undefined) return false;
  const members = inner.split(',').filter((member) => member.trim() !== '');
  return members.length > 0 && members.every((member) => member.trim().startsWith('type '));
};

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');

export function importsOf(file: string): readonly Import[] {
  const text = withoutComments(readSource(file));
  const found: { readonly specifier: string; readonly typeOnly: boolean }[] = [];
  for (const [, type, names, specifier] of text.matchAll(STATIC)) {
    found.push({ specifier: specifier ?? '', typeOnly: type !== undefined || onlyTypes(names ?? '') });
  }
  for (const [, specifier] of [...text.matchAll(SIDE_EFFECT), ...text.matchAll(DYNAMIC)]) {
    found.push({ specifier: specifier ?? '', typeOnly: false });
  }
  return found.map(({ specifier, typeOnly }) => {
    if (!specifier.startsWith('.')) return { from: file, to: packageOf(specifier), ours: false, typeOnly };
    const target = relative(ROOT, join(ROOT, dirname(file), specifier)).replaceAll('\\', '/');
    return { from: file, to: target, ours: true, typeOnly };
  });
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** Every cycle among files of ours, each once, as a path that ends where it began. Types count: a reader follows them too. */
export function cyclesIn(imports: readonly Import[]): readonly (readonly string[])[] {
  const edges = new Map<string, string[]>();
  for (const { from, to, ours } of imports) {
    if (ours) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const done = new Set<string>();
  const cycles: string[][] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      cycles.push([...path.slice(at), file]);
      return;
    }
    if (done.has(file)) return;
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of edges.keys()) visit(file, []);
  return cycles;
}
