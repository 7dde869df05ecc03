/** `driftless logs`: one story out of the files of several days and processes. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PLAIN } from '../../src/cli/paint.ts';
import { runCli } from '../../src/cli/run.ts';
import { freePort } from '../support/free-ports.ts';
import { NO_BACKUPS } from '../support/no-backups.ts';

const OPERATION = '0f1c2a44b7e94d2f8a60c5d1e3b79f02';
const ENGINE = 'engine:paper:synthetic:1:0';

let folder = '';
let other = '';
let nowhere = '';

const line = (time: string, pid: number, msg: string, fields: object = {}, level = 30) =>
  `${JSON.stringify({ level, time: `2026-01-${time}Z`, pid, ...fields, msg })}\n`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driftless-logs-'));
  other = await mkdtemp(join(tmpdir(), 'driftless-logs-'));
  nowhere = `http://127.0.0.1:${await freePort()}`;
  const of = { operationId: OPERATION, engineId: ENGINE };
  await writeFile(
    join(folder, 'driftless.2026-01-15.2.log'),
    line('15T23:59:58.000', 11, 'signed', { workflowId: `operation:${OPERATION}` }, 20) +
      line('15T23:59:59.000', 11, 'a send failed', { ...of, error: { message: 'no node took it' } }, 40) +
      '{"level":30,"time":"2026-01-15T23:59:59.5',
  );
  await writeFile(
    join(folder, 'driftless.2026-01-15.1.log'),
    line('15T10:00:00.000', 11, 'The bridge is listening') +
      line('15T23:59:57.000', 11, 'accepted', { ...of, commandId: 'my-1' }) +
      line('15T23:59:57.500', 11, 'DRIFT_DEPOSIT: asked', { commandId: 'my-1' }) +
      line('15T23:59:57.600', 11, 'another', { operationId: 'f'.repeat(32), commandId: 'my-2' }),
  );
  await writeFile(
    join(folder, 'driftless.2026-01-16.1.log'),
    line('16T00:00:30.000', 22, 'operation deposit: done', of),
  );
  await writeFile(join(folder, 'temporal-server.log'), 'not ours\n');
  await writeFile(join(other, 'driftless.2026-01-16.1.log'), line('16T00:00:20.000', 33, 'went on elsewhere', of));
});
afterAll(async () => {
  for (const one of [folder, other]) await rm(one, { recursive: true });
});

async function run(words: string) {
  const said: string[] = [];
  const told: string[] = [];
  const code = await runCli(`logs ${words}`.trim().split(' '), {
    say: (text) => said.push(text),
    tell: (text) => told.push(text),
    write: async () => undefined,
    paint: PLAIN,
    place: async () => ({ url: nowhere, token: '' }),
    left: async () => ({ kind: 'nothing', why: '' }),
    ...NO_BACKUPS,
    doctor: async () => [],
    replaceToken: async () => '',
    logFolders: async () => [folder],
    ask: null,
    newId: () => 'id',
    version: '1.2.3',
  });
  return { code, told: told.join('\n'), lines: said.join('\n').split('\n') };
}

const messages = (lines: readonly string[]) => lines.map((text) => text.replace(/^\S+Z \w+ +/, ''));

describe('an operation', () => {
  it('is told in the order of time over days and processes, with its command’s lines and nothing of others', async () => {
    const { code, lines, told } = await run(`--operation ${OPERATION}`);
    expect(code).toBe(0);
    expect(messages(lines)).toEqual([
      '-- process 11',
      'accepted',
      'DRIFT_DEPOSIT: asked',
      'signed',
      'a send failed (no node took it)',
      '-- process 22 goes on',
      'operation deposit: done',
    ]);
    expect(told).toContain("The journal's steps are missing here");
  });

  it('is found by its command, and on other machines', async () => {
    const { lines } = await run(`--command my-1 --dir ${folder} --dir ${other}`);
    expect(messages(lines).slice(-4)).toEqual([
      ...['-- process 33 goes on', 'went on elsewhere', '-- process 22 goes on', 'operation deposit: done'],
    ]);
  });

  it('is JSON for a program, with every id', async () => {
    const { lines } = await run(`--operation ${OPERATION} --json`);
    const { items, ...ids } = JSON.parse(lines.join(''));
    expect(ids).toEqual({ operation_ids: [OPERATION], command_ids: ['my-1'], engine_id: null });
    expect(items).toHaveLength(5);
    expect(items[0]).toMatchObject({ level: 'info', pid: 11, message: 'accepted', fields: { commandId: 'my-1' } });
  });

  it('that the log does not know is said, and fails', async () => {
    const { code, told } = await run('--operation nobody-knows-it');
    expect(code).toBe(1);
    expect(told).toContain('The log has nothing of it');
  });
});

describe('the whole log', () => {
  it('is cut to the last lines, a level and a span of time', async () => {
    expect(messages((await run('--limit 1')).lines)).toEqual(['-- process 22', 'operation deposit: done']);
    expect(messages((await run('--level warn')).lines)).toEqual(['-- process 11', 'a send failed (no node took it)']);
    expect(messages((await run('--to 2026-01-15T12:00Z')).lines)).toEqual(['-- process 11', 'The bridge is listening']);
    const ofEngine = messages((await run(`--engine ${ENGINE}`)).lines);
    expect(ofEngine).toContain('accepted');
    expect(ofEngine).not.toContain('The bridge is listening');
  });
});
