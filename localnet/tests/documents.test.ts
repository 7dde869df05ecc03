/** README.md says what the code does: its examples run, and its tables name what there is. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { driftCommands } from '../drift/control.ts';
import { FAULT_KINDS } from '../index.ts';
import { METHODS } from '../rpc/dispatch.ts';
import { describeOnDrift } from './support/drift-program.ts';
import { ask, stillChain } from './support/localnet.ts';

const LOCALNET = dirname(dirname(fileURLToPath(import.meta.url)));
const README = readFileSync(join(LOCALNET, 'README.md'), 'utf8');

const run = (example: string): string =>
  execFileSync(process.execPath, ['--import', 'tsx', join(LOCALNET, 'examples', example)], { encoding: 'utf8' });

/** The text between this heading and the next of its level. */
const section = (heading: string): string => README.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';

/** The words in backticks in the first (or another) column of a text's tables. */
const named = (text: string, column = 1): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .flatMap((line) => [...(line.split('|')[column] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name as string));

describe('the examples of README.md', () => {
  it.each(['lost-reply.ts', 'drift-funding.ts'])('shows %s as it is', (example) => {
    expect(README).toContain(readFileSync(join(LOCALNET, 'examples', example), 'utf8'));
  });

  it('lost-reply.ts prints what README.md says', () => {
    const printed = run('lost-reply.ts');
    expect(printed).toContain('1 of them counts');
    expect(README).toContain(printed);
  });
});

describeOnDrift('the example on Drift', () => {
  it('opens a short, is paid funding, and meets a pause', () => {
    expect(run('drift-funding.ts')).toMatch(
      /^Position: -10 SOL\nFunding over six hours: \$0\.\d\d\nA deposit while deposits are paused: refused\n$/,
    );
  });
});

describe('the tables of README.md', () => {
  it('name every RPC method', async () => {
    const methods = named(section('RPC methods'), 2).filter((name) => /^\w+$/.test(name) && name !== 'accounts');
    for (const name of Object.keys(METHODS)) expect(methods).toContain(name);
    const { jitoUrl, rpcUrl } = await stillChain();
    const isUnknown = (url: string, method: string): Promise<boolean> =>
      ask(url, method).then(
        () => false,
        (error: Error) => error.message.startsWith('-32601'),
      );
    for (const name of methods.filter((method) => !method.endsWith('Subscribe'))) {
      const url = /Bundle|TipAccounts/.test(name) ? jitoUrl : rpcUrl;
      expect([name, await isUnknown(url, name)]).toEqual([name, false]);
    }
  });

  it('name every fault', () => {
    for (const kind of FAULT_KINDS) expect(named(section('Faults'))).toContain(kind);
  });

  it('name every call of the control endpoint', async () => {
    const { controlUrl } = await stillChain();
    const { error } = (await (await fetch(`${controlUrl}/none`)).json()) as { error: { message: string } };
    const calls = error.message.replace(/^.*There are: /, '').split(', ');
    expect(calls).toContain('POST /fork');
    for (const call of calls) expect(named(section('Control endpoint'))).toContain(call);
    const ofDrift = Object.keys(
      driftCommands(() => {
        throw new Error('no command is called');
      }),
    );
    for (const call of ofDrift) expect(named(section('Drift'))).toContain(call);
  });

  it('name files that exist', () => {
    const links = [...README.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map(([, target]) => target as string);
    const files = named(section('Change it'), 2).flatMap((name) => (/\.(ts|mjs)$|\/$/.test(name) ? [name] : []));
    expect(files.length).toBeGreaterThan(10);
    const there = (name: string): boolean =>
      existsSync(join(LOCALNET, name)) || existsSync(join(LOCALNET, 'rpc', name));
    expect([...links, ...files].filter((name) => !there(name))).toEqual([]);
    const headings = [...README.matchAll(/^## (.+)$/gm)].map(([, text = '']) =>
      text.toLowerCase().replace(/,/g, '').replaceAll(' ', '-'),
    );
    for (const [, anchor] of README.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(anchor);
  });
});
