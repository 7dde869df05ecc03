import { describe, expect, it } from '@jest/globals';
import { readSource, sourceFiles, withoutComments } from './imports.ts';

/** One name for one thing: a reader who searches for a type finds its declaration, and no other. */
const FOLDERS = ['src', 'workflows', 'activities', 'localnet', 'dashboard/src'];

const DECLARATION =
  /^[ \t]*(?:export\s+)?(?:declare\s+)?(?:abstract\s+)?(?:type\s+(\w+)\s*(?:<[^;]*?>)?\s*=|(?:interface|class|enum)\s+(\w+)\s*(?:<|extends\b|implements\b|\{))/gm;

const declaredIn = (source: string): readonly string[] =>
  [...withoutComments(source).matchAll(DECLARATION)].map(([, type, other]) => type ?? other ?? '');

function placesOf(files: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const places = new Map<string, readonly string[]>();
  for (const file of files) {
    for (const name of declaredIn(readSource(file))) places.set(name, [...(places.get(name) ?? []), file]);
  }
  return places;
}

describe('names of types', () => {
  const files = FOLDERS.flatMap(sourceFiles).filter((file) => !file.startsWith('localnet/tests/'));
  const places = placesOf(files);

  it('are each declared in one file', () => {
    expect(places.size).toBeGreaterThan(500);
    const twice = [...places].filter(([, where]) => where.length > 1);
    expect(twice.map(([name, where]) => `${name}: ${where.join(', ')}`)).toEqual([]);
  });

  it('are found in every form of declaration', () => {
    const source = [
      'type A = string;',
      'export type B<T> = T[];',
      'export interface C<T> extends D {}',
      'export abstract class E implements F {',
      '  type = 1;',
      '// type G = 1;',
      "import { type H } from './h.ts';",
      'export declare enum I {}',
    ].join('\n');
    expect(declaredIn(source)).toEqual(['A', 'B', 'C', 'E', 'I']);
  });
});
