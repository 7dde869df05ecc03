import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { childEnvironment } from '../../src/runtime/child-environment.mjs';
import { runProgram } from '../../src/runtime/run-program.ts';
import { SETTINGS } from '../../src/runtime/setting-table.ts';
import { readSource, sourceFiles } from '../architecture/imports.ts';

const PROGRAMS = [null, 'npm', 'pip'] as const;
const PLANTED = 'planted-secret-0123456789';
/** Of programs around us, as they stand in many a shell. */
const FOREIGN_SECRETS = ['TEMPORAL_API_KEY', 'AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'PGPASSWORD', 'OPENAI_API_KEY'];

it('lets no setting of ours through, secret or not', () => {
  const ours = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, PLANTED]));
  for (const program of PROGRAMS) expect(childEnvironment(ours, program)).toEqual({});
});

it('lets no variable through that it does not know', () => {
  const name = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,20}(KEY|TOKEN|SECRET|PASSWORD)$/);
  fc.assert(
    fc.property(fc.oneof(name, fc.constantFrom(...FOREIGN_SECRETS)), (secret) => {
      expect(childEnvironment({ [secret]: PLANTED })).toEqual({});
    }),
  );
});

it('keeps what a program needs to run and to reach the network', () => {
  const kept = { PATH: '/bin', HOME: '/home/me', LC_ALL: 'C', Path: 'C:\\bin', https_proxy: 'http://proxy:1' };
  expect(childEnvironment(kept)).toEqual(kept);
});

it('gives npm and pip their own settings, and nobody else', () => {
  const own = { npm_config_registry: 'https://npm.example.org', PIP_INDEX_URL: 'https://pip.example.org' };
  expect(childEnvironment(own)).toEqual({});
  expect(childEnvironment(own, 'npm')).toEqual({ npm_config_registry: own.npm_config_registry });
  expect(childEnvironment(own, 'pip')).toEqual({ PIP_INDEX_URL: own.PIP_INDEX_URL });
});

it('is what everybody uses who starts a program', () => {
  const starters = sourceFiles('src').filter((file) => /\b(spawn|fork|exec|execFile)\(/.test(readSource(file)));
  const children = starters.filter((file) => readSource(file).includes("'node:child_process'"));
  expect(children.length).toBeGreaterThan(2);
  expect(children.filter((file) => !readSource(file).includes('childEnvironment('))).toEqual([]);
});

it('is what a program that we run really sees', async () => {
  const secrets = Object.fromEntries(
    Object.entries(SETTINGS)
      .filter(([, { secret }]) => secret)
      .map(([name]) => [name, PLANTED]),
  );
  expect(Object.keys(secrets).length).toBeGreaterThan(2);
  const print = 'process.stdout.write(JSON.stringify(process.env))';
  const { code, output } = await runProgram(process.execPath, ['-e', print], 20_000, {
    env: { ...process.env, ...secrets },
  });
  expect(code).toBe(0);
  expect(JSON.parse(output).PATH).toBe(process.env.PATH);
  expect(output).not.toContain(PLANTED);
});
