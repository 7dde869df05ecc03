import { describe, expect, it } from '@jest/globals';
import { readSource, sourceFiles, withoutComments } from './imports.ts';

/** `let`, and what is made empty to be filled later. */
const STATE =
  /^(?:export )?(?:let|var) .*$|^(?:export )?const \w+(?:: [^=]+)? = (?:new \w+(?:<.*>)?\(\)|\[\]|\{\});$/gm;

/**
 * The modules of workflows are evaluated once in a process and shared by all workflows (src/runtime/bundle-workflows.ts):
 * what one workflow left in a module, another would read.
 */
describe('modules that workflows share', () => {
  it.each(['workflows', 'src/domain', 'src/lib'])('keep no state: %s', (folder) => {
    const found = sourceFiles(folder).flatMap((file) =>
      (withoutComments(readSource(file)).match(STATE) ?? []).map((line) => `${file}: ${line}`),
    );
    expect(found).toEqual([]);
  });

  it('would be found', () => {
    const state = ['let last = 0;', 'export const seen = new Map<string, number>();', 'const all: string[] = [];'];
    expect(state.join('\n').match(STATE)).toEqual(state);
    expect('  let inside = 0;\nconst DIGITS = new Map([[1, 2]]);\nconst ORDER = [] as const;'.match(STATE)).toBe(null);
  });
});
