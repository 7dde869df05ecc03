/** What of a secret is left in a process once its settings are read: nothing in the environment, in a report, in a core. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { SECRET_SETTINGS } from '../../src/runtime/setting-table.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PLANTED = 'planted-secret-0123456789';
const MODULE = join(ROOT, 'src/runtime/key-exposure.ts');
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { execFileSync } from 'node:child_process';
  import { forgetSecretsInEnvironment, leaveNoMemoryInCores } from ${JSON.stringify(MODULE)};
  const before = process.env.SOLANA_PRIVATE_KEY;
  forgetSecretsInEnvironment();
  const switched = leaveNoMemoryInCores();
  console.log(JSON.stringify({
    before,
    switched,
    environment: process.env,
    report: process.report.getReport(),
    child: execFileSync(process.execPath, ['-p', 'JSON.stringify(process.env)'], { encoding: 'utf8' }),
    filter: switched ? readFileSync('/proc/self/coredump_filter', 'utf8').trim() : null,
  }));
`;

it('nothing of it', async () => {
  const secrets = Object.fromEntries(SECRET_SETTINGS.map((name) => [name, PLANTED]));
  const words = ['--import', 'tsx', '--input-type=module', '-e', PROGRAM];
  const child = spawn(process.execPath, words, { cwd: ROOT, env: { ...process.env, ...secrets } });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await once(child, 'close');
  expect(errors).toBe('');
  const { before, switched, filter, ...left } = JSON.parse(output);
  expect(before).toBe(PLANTED);
  expect(left.environment.PATH).toBe(process.env.PATH);
  expect(JSON.stringify(left)).not.toContain(PLANTED);
  expect(switched).toBe(existsSync('/proc/self/coredump_filter'));
  if (switched) expect(Number.parseInt(filter, 16)).toBe(0);
});
