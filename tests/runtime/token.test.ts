/** The tokens of the data folder: made once, replaced when a person asks, and what the former one signed still counts. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from '@jest/globals';
import { onTestFinished } from '../../localnet/tests/support/on-test-finished.ts';
import { openPayloadKeys, payloadKeyOf } from '../../src/runtime/payload-signatures.ts';
import { openReadToken, openToken, replaceToken } from '../../src/runtime/token.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'driftless-token-'));
});
const cleanUp = (): void => onTestFinished(() => rmSync(home, { recursive: true, force: true }));

it('the full one is made once, the read one only when it is asked for', async () => {
  cleanUp();
  const token = await openToken(home, null);
  expect(token).toMatch(/^[\w-]{32}$/);
  expect(await openToken(home, null)).toBe(token);
  expect(await openToken(home, 'one-from-a-setting')).toBe('one-from-a-setting');
  expect(await openReadToken(home, null)).toBeNull();
  const read = await replaceToken(home, 'read', null);
  expect(await openReadToken(home, null)).toBe(read);
  expect(await openToken(home, null)).toBe(token);
});

it('a replaced one counts from the next start on, and what the former one signed is still taken', async () => {
  cleanUp();
  const former = await openToken(home, null);
  await openPayloadKeys(home, former);
  const token = await replaceToken(home, 'full', null);
  expect(token).not.toBe(former);
  expect(await openToken(home, null)).toBe(token);
  expect(await openPayloadKeys(home, token)).toEqual([payloadKeyOf(token), payloadKeyOf(former)]);
  expect(readdirSync(home).sort()).toEqual(['payload-keys', 'token']);
  expect(readFileSync(join(home, 'token'), 'utf8')).toBe(`${token}\n`);
  if (process.platform !== 'win32') expect(statSync(join(home, 'token')).mode & 0o077).toBe(0);
});

it.each([
  ['full', 'DRIFTLESS_TOKEN'],
  ['read', 'DRIFTLESS_READ_TOKEN'],
] as const)('one that a setting gives is replaced there: %s', async (access, setting) => {
  cleanUp();
  const refused = { code: 'PERMISSION_DENIED', message: expect.stringContaining(setting) };
  await expect(replaceToken(home, access, 'one-from-a-setting')).rejects.toMatchObject(refused);
  expect(readdirSync(home)).toEqual([]);
});
