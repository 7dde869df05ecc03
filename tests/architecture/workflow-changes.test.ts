import { expect, it } from '@jest/globals';
import { WORKFLOW_CHANGES } from '../../workflows/changes.ts';
import { readSource, sourceFiles, withoutComments } from './imports.ts';

/** A name, or the constant that holds it. */
const PATCHED = /\bpatched\((?:'([^']+)'|([A-Z_]+))\)/g;
const everything = sourceFiles('workflows').map((file) => withoutComments(readSource(file)));

function namesIn(source: string): readonly string[] {
  return [...source.matchAll(PATCHED)].map(([, name, constant]) => {
    if (name !== undefined) return name;
    const found = everything.map((text) => new RegExp(`\\b${constant} = '([^']+)'`).exec(text)?.[1]);
    return found.find((value) => value !== undefined) ?? `${constant} cannot be resolved`;
  });
}

/** Else a worker of the version before would be handed histories that it cannot replay: docs/architecture/upgrade.md. */
it('every name given to patched stands among the changes of the workflows', () => {
  const names = new Set(everything.flatMap(namesIn));
  expect(names.size).toBeGreaterThan(10);
  expect([...names].filter((name) => !WORKFLOW_CHANGES.includes(name))).toEqual([]);
  expect(WORKFLOW_CHANGES).toEqual([...new Set(WORKFLOW_CHANGES)].sort());
});

it('would be found', () => {
  expect(namesIn("if (!patched('a-change') && patched(NO_LOCAL_ACTIVITIES)) return;")).toEqual([
    'a-change',
    'no-local-activities',
  ]);
});
