/** Colours where a person looks, and words that the shell completes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { COMMANDS, SHELLS } from '../../src/cli/commands.ts';
import { PLAIN, paintFor } from '../../src/cli/paint.ts';
import { PROGRAMS } from '../../src/cli/programs.ts';
import { runCli } from '../../src/cli/run.ts';
import { NO_BACKUPS } from '../support/no-backups.ts';

describe('colours', () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ TERM: 'dumb' }, true, false],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
  ])('%j on a terminal %s: %s', (env, isTerminal, coloured) => {
    expect(paintFor(env, isTerminal).bad('x') !== 'x').toBe(coloured);
  });
});

async function script(shell: string): Promise<string> {
  const said: string[] = [];
  const nothing = async () => undefined as never;
  await runCli(['completion', shell], {
    ...{ say: (text: string) => said.push(text), tell: () => undefined, write: nothing, paint: PLAIN },
    ...{
      place: nothing,
      left: nothing,
      ...NO_BACKUPS,
      doctor: nothing,
      replaceToken: nothing,
      logFolders: nothing,
      ask: null,
      newId: () => '',
      version: '1.2.3',
    },
  });
  return said.join('\n');
}

describe('completion', () => {
  it.each(SHELLS)('of %s names every command', async (shell) => {
    const text = await script(shell);
    for (const name of [...Object.keys(COMMANDS), ...Object.keys(PROGRAMS)]) expect(text).toContain(name);
  });

  const complete = async (...words: string[]) => {
    const asked = `COMP_WORDS=(driftless ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _driftless; echo "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['-c', `${await script('bash')}\n${asked}`]);
    return stdout.trim().split(' ');
  };

  it('of bash gives commands, options and the words of arguments', async () => {
    expect(await complete('sta')).toEqual(['start', 'status']);
    expect(await complete('open', '')).toEqual(expect.arrayContaining(['long', 'short', '--yes', '--json']));
    expect(await complete('export', 'ta')).toEqual(['tax']);
    expect(await complete('status', '--y')).toEqual(['']);
  });
});
