/** The command line against a real bridge: what it sends, prints and exits with. The engine behind it is scripted. */
import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { NotReachable } from '../../src/cli/client.ts';
import { COMMANDS, type CommandName } from '../../src/cli/commands.ts';
import { PLAIN } from '../../src/cli/paint.ts';
import type { CliPorts } from '../../src/cli/ports.ts';
import { runCli } from '../../src/cli/run.ts';
import { enginesText, positionsText, statusText } from '../../src/cli/texts.ts';
import { type CommandAnswer, done, refused } from '../../src/domain/order/command.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { ValidationError } from '../../src/lib/errors.ts';
import { hashJson } from '../../src/lib/ids.ts';
import type { BackupMade } from '../../src/protocol/api.ts';
import { ANSWER_EXAMPLES, STATE_EXAMPLE } from '../../src/protocol/examples.ts';
import { T0, tradeOf } from '../journal/records.ts';
import { ENGINE_ID, type TestBridge, TOKEN, testBridge } from '../support/bridge.ts';
import { freePort } from '../support/free-ports.ts';
import { openTestJournal } from '../support/journal.ts';
import { NO_BACKUPS } from '../support/no-backups.ts';

let journal: Journal;
let bridge: TestBridge;
beforeAll(async () => {
  journal = await openTestJournal();
  bridge = await testBridge({ journal });
});
beforeEach(() => {
  bridge.gateway.script = async () => done('Done');
  bridge.gateway.received.length = 0;
  bridge.gateway.verdicts.length = 0;
});
afterAll(async () => {
  await bridge.close();
  await journal.close();
});

interface Ran {
  readonly code: number;
  readonly said: string;
  readonly told: string;
}

interface GivenPorts {
  readonly url?: string;
  readonly token?: string;
  readonly answer?: string;
  readonly left?: CliPorts['left'];
  readonly doctor?: CliPorts['doctor'];
  readonly backups?: Partial<Pick<CliPorts, keyof typeof NO_BACKUPS>>;
  readonly readOnly?: boolean;
  readonly replaceToken?: CliPorts['replaceToken'];
  readonly logFolders?: readonly string[];
}

async function run(line: string, given: GivenPorts = {}): Promise<Ran> {
  const said: string[] = [];
  const told: string[] = [];
  const written: string[] = [];
  const code = await runCli(line === '' ? [] : line.split(' '), {
    say: (text) => said.push(text),
    tell: (text) => told.push(text),
    write: async (text) => void written.push(text),
    paint: PLAIN,
    place: async (url) => ({
      url: given.url ?? url ?? bridge.url,
      token: given.token ?? TOKEN,
      readOnly: given.readOnly ?? false,
    }),
    left: given.left ?? (async () => ({ kind: 'nothing', why: 'There is no journal either.' })),
    ...NO_BACKUPS,
    ...given.backups,
    replaceToken: given.replaceToken ?? (() => Promise.reject(new NotReachable('There is no data folder.'))),
    doctor: given.doctor ?? (async () => []),
    logFolders: async () => given.logFolders ?? [],
    ask: given.answer === undefined ? null : async () => given.answer as string,
    newId: randomUUID,
    version: '1.2.3',
  });
  return { code, said: said.join('\n') + written.join(''), told: told.join('\n') };
}

const ASKED: CommandAnswer = {
  ...refused({ code: 'CONFIRMATION_REQUIRED', message: 'Confirm: worth 1,503 USD.' }, 'confirmation_required'),
};
const asking = (): CommandAnswer => ({
  ...ASKED,
  data: { ...ASKED.data, confirmation_token: 'token-1', expires_at: new Date(Date.now() + 60_000).toISOString() },
});

describe('what it sends', () => {
  it.each([
    ['deposit 1.5', { kind: 'deposit', amount: '1500000000', asset: 'SOL' }],
    ['withdraw 100.25 --asset USDC', { kind: 'withdraw', amount: '100250000', asset: 'USDC' }],
    ['open short 2.5', { kind: 'open', market: 'SOL-PERP', size: '-2500000000' }],
    ['close', { kind: 'close', market: 'SOL-PERP' }],
    ['close SOL-PERP', { kind: 'close', market: 'SOL-PERP' }],
    ['rebalance', { kind: 'rebalance', market: 'SOL-PERP' }],
    ['settle', { kind: 'settle', market: 'SOL-PERP' }],
    ['flatten', { kind: 'flatten', market: 'SOL-PERP' }],
    ['resume', { action: 'RESUME' }],
  ])('%s', async (line, request) => {
    expect(await run(`${line} --command-id ${hashJson(line).slice(0, 12)}`)).toMatchObject({ code: 0, said: 'Done' });
    expect(bridge.gateway.received).toMatchObject([{ commandId: hashJson(line).slice(0, 12), request }]);
  });

  it('a verdict with its note', async () => {
    const ran = await run('resolve operation-1 --verdict landed --note seen');
    expect(ran).toMatchObject({ code: 0, said: 'Resolved' });
    expect(bridge.gateway.verdicts).toMatchObject([
      { operationId: 'operation-1', verdict: { verdict: 'landed', note: 'seen' } },
    ]);
  });
});

describe('with the read token alone', () => {
  it('what reads is answered, what acts is refused before anything is sent', async () => {
    const reading = await testBridge({ journal, settings: { readToken: 'read-token-of-the-cli-tests' } });
    const given = { url: reading.url, token: 'read-token-of-the-cli-tests', readOnly: true };
    try {
      for (const line of ['status', 'positions', 'history', 'engines']) expect((await run(line, given)).code).toBe(0);
      for (const line of ['deposit 1', 'close', 'flatten', 'resolve operation-1 --verdict landed']) {
        const ran = await run(line, given);
        expect(ran).toMatchObject({ code: 3, told: expect.stringContaining('needs the full token') });
      }
      expect([...reading.gateway.received, ...reading.gateway.verdicts]).toEqual([]);
      expect(await run('token rotate', given)).toMatchObject({ code: 3, told: expect.stringContaining('full token') });
    } finally {
      await reading.close();
    }
  });
});

describe('token rotate', () => {
  it('says the new token, and where it opens the page', async () => {
    const own = await testBridge({ journal, newToken: async () => 'a-new-token-of-the-tests' });
    try {
      const ran = await run('token rotate', { url: own.url });
      expect(ran).toMatchObject({
        code: 0,
        said: expect.stringContaining(`${own.url}/?token=a-new-token-of-the-tests`),
      });
      expect(await run('status', { url: own.url })).toMatchObject({
        code: 4,
        told: expect.stringContaining('refuses the token'),
      });
      expect((await run('status', { url: own.url, token: 'a-new-token-of-the-tests' })).code).toBe(0);
    } finally {
      await own.close();
    }
  });

  it('of a product that is down replaces the one in its folder', async () => {
    const asked: string[] = [];
    const replaceToken = async (access: string) => {
      asked.push(access);
      return 'made-while-stopped';
    };
    const down = { url: `http://127.0.0.1:${await freePort()}`, replaceToken };
    expect(await run('token rotate', down)).toMatchObject({
      code: 0,
      said: expect.stringContaining('made-while-stopped'),
    });
    expect(JSON.parse((await run('token rotate --read --json', down)).said)).toEqual({
      ...{ access: 'read', token: 'made-while-stopped', running: false },
    });
    expect(asked).toEqual(['full', 'read']);
  });

  it('is refused where a setting says which token it is', async () => {
    // A bridge that keeps no token of its own.
    expect((await run('token rotate')).code).toBe(3);
  });
});

describe('how it ends', () => {
  it('1 when it failed on chain', async () => {
    bridge.gateway.script = async () =>
      refused({ code: 'ORDER_NOT_FILLED', message: 'Nothing was filled.' }, 'failed', { operation_id: 'operation-9' });
    const ran = await run('open short 1');
    expect(ran.code).toBe(1);
    expect(ran.said).toContain('ORDER_NOT_FILLED: Nothing was filled.\nOperation operation-9');
  });

  it.each([
    ['open short', "Missing required argument 'size'."],
    ['open short 1 SOL-PERP more', "Too many arguments for 'open'. Expected 3 arguments but got 4."],
    ['close --force', "Unknown option '--force'."],
    ['resolve operation-1', "Required option '--verdict <outcome>' not specified."],
    ['resolve operation-1 --verdict maybe', 'Allowed choices are landed, failed, retry.'],
    ['status --yes', "Unknown option '--yes'."],
    ['flatten --command-id a/b', '--command-id: expected 1 to 128 letters'],
    ['history --limit none', '--limit: expected a whole number from 1 to 999, got none.'],
    ['open sideways 1', 'Allowed choices are long, short.'],
    ['deposit 1,5', 'amount: expected a number above zero with at most 9 decimals, such as 1.5, got 1,5.'],
    ['deposit 0', 'amount: expected a number above zero'],
    ['deposit 1.0000000001', 'amount: expected a number above zero'],
    ['deposit -1', '-1'],
    ['open short 1e3', 'size: expected a number above zero'],
    ['statsu', "Unknown command 'statsu' (Did you mean status?)"],
    ['flaten --yes', '(Did you mean flatten?)'],
    ['status --jsn', '(Did you mean --json?)'],
    ['history --limit', "Option '--limit <count>' argument missing."],
    ['export', "Missing required argument 'list'."],
    ['export everything', 'Allowed choices are operations, trades,'],
    ['export trades --from yesterday', '--from: expected a time such as'],
    ['export trades --from 2026-02-01 --to 2026-01-01', '--from: expected a time not after --to.'],
    ['export trades --out /nowhere/at/all.csv', 'cannot be written (ENOENT)'],
    ['logs --level loud', 'Allowed choices are trace, debug'],
    ['logs', 'There is no log in'],
    ['completion powershell', 'Allowed choices are bash, zsh, fish.'],
    ['status --url here', '--url: expected an address'],
  ])('2 for %s, in one sentence and before anything is asked', async (line, why) => {
    const ran = await run(line);
    expect(ran.code).toBe(2);
    expect(ran.told).toContain(why);
    expect(ran.told).toMatch(/\nSee: driftless (\w+ )?--help$/);
    expect(ran.said).toBe('');
    expect(bridge.gateway.received).toEqual([]);
  });

  it('2 without a command, with the list of all; in JSON too', async () => {
    const { code, said, told } = await run('');
    expect(code).toBe(2);
    expect(said).toBe('');
    expect(told).toContain('flatten');
    const json = await run('open short --json');
    expect(json).toMatchObject({ code: 2, told: '' });
    expect(JSON.parse(json.said)).toMatchObject({ error: { code: 'INVALID_FIELD' } });
    const tax = await run('export tax --json');
    expect(tax.code).toBe(2);
    expect(tax.said).toContain('The tax file is CSV');
  });

  it('3 when the engine refuses, with what helps', async () => {
    const details = { remedy: 'Deposit first.' };
    bridge.gateway.script = async () => refused({ code: 'NO_POSITION', message: 'There is no position.', details });
    const ran = await run('close');
    expect(ran.code).toBe(3);
    expect(ran.said).toContain('NO_POSITION: There is no position.');
    expect(ran.said).toContain('Remedy: Deposit first.');
  });

  it('4 when nothing answers, the token is wrong, or a part behind the bridge is away', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    for (const line of ['status', 'positions --json', 'flatten --yes']) {
      const ran = await run(line, { url: nowhere });
      expect(ran.code).toBe(4);
      expect(ran.told + ran.said).toContain('is not reachable at');
    }
    expect(await run('flatten', { token: 'a-token-that-is-wrong' })).toMatchObject({ code: 4 });
    bridge.gateway.script = async () =>
      refused({ code: 'UNAVAILABLE', message: 'Temporal is away.', details: { part: 'temporal' } });
    expect(await run('flatten')).toMatchObject({ code: 4 });
  });

  it('waits for the end of what runs', async () => {
    bridge.gateway.script = async ({ commandId, request, requestHash, receivedAtMs }) => {
      const action = 'DRIFT_CLOSE_POSITION' as const;
      const record = {
        commandId,
        engineId: ENGINE_ID,
        action,
        request: request as never,
        requestHash,
        receivedAtMs,
        operationId: 'o-1',
      };
      await journal.admitCommand(record);
      setTimeout(() => void journal.recordAnswer(commandId, done('Closed 1 SOL'), Date.now()), 200);
      return { success: true, message: 'Running', data: { status: 'pending', operation_id: 'o-1' } };
    };
    const ran = await run('close');
    expect(ran).toMatchObject({ code: 0, said: 'Closed 1 SOL' });
    expect(ran.told).toContain('Running');
  });
});

describe('what is to be confirmed', () => {
  beforeEach(() => {
    bridge.gateway.script = async ({ confirmationToken }) =>
      confirmationToken === 'token-1' ? done('Opened') : asking();
  });

  it('is done with --yes, or after y, under the same id', async () => {
    for (const ran of [await run('open short 10 --yes'), await run('open short 10', { answer: 'y' })]) {
      expect(ran).toMatchObject({ code: 0, said: 'Opened' });
      expect(ran.told).toContain('worth 1,503 USD');
    }
    const ids = bridge.gateway.received.map(({ commandId }) => commandId);
    expect(new Set(ids).size).toBe(2);
    expect(ids).toHaveLength(4);
  });

  it('is not done after n, or where nobody can be asked', async () => {
    expect(await run('open short 10', { answer: 'n' })).toMatchObject({ code: 3 });
    const ran = await run('open short 10');
    expect(ran.code).toBe(3);
    expect(ran.told).toContain('add --yes');
    expect(bridge.gateway.received.every(({ confirmationToken }) => confirmationToken === undefined)).toBe(true);
  });
});

describe('backup and restore', () => {
  const MADE: BackupMade = { folder: '/data/backups/now', made_at: T0, files: 3, bytes: 5 * 1024 * 1024, engines: [] };
  let made: () => Promise<BackupMade> = async () => MADE;
  let other: TestBridge;
  beforeAll(async () => {
    other = await testBridge({ journal, backup: () => made() });
  });
  afterAll(() => other.close());
  const running = () => ({ url: other.url });

  it('is made by the running product, and moved where it was asked for', async () => {
    made = async () => MADE;
    const moved: string[] = [];
    const moveBackup = async (from: string, to: string) => void moved.push(`${from} ${to}`);
    const ran = await run('backup --to /mnt/usb/b', { ...running(), backups: { moveBackup } });
    expect(ran).toMatchObject({ code: 0, said: expect.stringContaining('Backup: /mnt/usb/b\n3 files, 5.0 MiB.') });
    expect(moved).toEqual(['/data/backups/now /mnt/usb/b']);
    expect(JSON.parse((await run('backup --json', running())).said)).toEqual({
      ...MADE,
      made_at: new Date(T0).toISOString(),
    });
  });

  it('is one at a time, and says why there is none', async () => {
    const asked = new EventEmitter();
    made = async () => {
      asked.emit('begun');
      await once(asked, 'finish');
      return MADE;
    };
    const begun = once(asked, 'begun');
    const first = run('backup', running());
    await begun;
    const second = await run('backup', running());
    expect(second).toMatchObject({ code: 4, told: 'A backup is being made. Try again when it is done.' });
    asked.emit('finish');
    expect((await first).code).toBe(0);
    made = () => Promise.reject(new ValidationError('EXTERNAL_STORES', 'Elsewhere.', { remedy: 'pg_dump' }));
    expect(JSON.parse((await run('backup --json', running())).said)).toMatchObject({
      error: { code: 'EXTERNAL_STORES' },
    });
    expect((await run('backup', running())).code).toBe(3);
    expect((await run('backup')).code).toBe(3);
  });

  it('is made of the files of a stopped product', async () => {
    const down = { url: `http://127.0.0.1:${await freePort()}` };
    const backups = { backupStopped: async () => ({ kind: 'made', made: MADE }) as const };
    expect(await run('backup', { ...down, backups })).toMatchObject({
      code: 0,
      told: expect.stringContaining('does not run'),
    });
    expect(await run('backup', down)).toMatchObject({ code: 4, told: expect.stringContaining('nothing to back up') });
  });

  it('is restored with what to do next, or refused with a remedy', async () => {
    const restored = { folder: '/srv/d', backupMadeAtMs: T0, engines: ['engine-1'] };
    const backups = { restore: async () => restored };
    const ran = await run('restore /mnt/usb/b --into /srv/d', { backups });
    expect(ran.code).toBe(0);
    expect(ran.said).toMatch(/Restored into \/srv\/d: 1 engine, .*signs nothing.*Stop the original.*driftless resume/s);
    expect(JSON.parse((await run('restore b --json', { backups })).said)).toMatchObject({ engines: ['engine-1'] });
    const full = () =>
      Promise.reject(new ValidationError('FOLDER_NOT_EMPTY', '/srv/d is full.', { remedy: 'another' }));
    expect(await run('restore b', { backups: { restore: full } })).toMatchObject({
      code: 1,
      told: '/srv/d is full.\nRemedy: another',
    });
    expect((await run('restore')).code).toBe(2);
  });
});

describe('doctor', () => {
  const findings = [
    { check: 'node', verdict: 'pass', message: 'Node 24.', remedy: null },
    { check: 'disk', verdict: 'fail', message: 'The disk is full.', remedy: 'Free space.' },
  ] as const;
  const doctor: CliPorts['doctor'] = async ({ sendsTest, tell }) => {
    const found = sendsTest ? findings : findings.slice(0, 1);
    for (const finding of found) tell(finding);
    return found;
  };

  it('is 0 when nothing fails, and 1 with the remedy when something does', async () => {
    expect(await run('doctor', { doctor })).toMatchObject({
      code: 0,
      said: 'pass  node       Node 24.\n1 passed, 0 warned, 0 failed.',
    });
    const failing = await run('doctor --send-test', { doctor });
    expect(failing.code).toBe(1);
    expect(failing.said).toContain('fail  disk       The disk is full.\n                 Remedy: Free space.');
    const json = await run('doctor --send-test --json', { doctor });
    expect(json.code).toBe(1);
    expect(JSON.parse(json.said)).toEqual({ ok: false, passed: 1, warned: 0, failed: 1, items: findings });
  });
});

describe('export', () => {
  const trades = Array.from({ length: 3 }, (_, number) =>
    tradeOf({ engineId: ENGINE_ID, signature: `signature-${number}`, tsMs: T0 + number * 1_000 }),
  );
  beforeAll(() => journal.recordTrades(trades));
  const signaturesIn = (text: string) => [...text.matchAll(/signature-\d/g)].map(([one]) => one);

  it('gives a list as CSV or as one JSON document, of a span of time, and the tax file', async () => {
    const csv = await run('export trades');
    expect(csv).toMatchObject({ code: 0, told: '' });
    expect(csv.said.split('\r\n')[0]).toContain('operation_id,market,side');
    expect(signaturesIn(csv.said)).toEqual(['signature-2', 'signature-1', 'signature-0']);
    const json = JSON.parse((await run('export trades --json')).said);
    expect(json.items.map(({ signature }: { signature: string }) => signature)).toEqual(signaturesIn(csv.said));
    const later = await run(`export trades --from ${new Date(T0 + 1_000).toISOString()} --json`);
    expect(signaturesIn(later.said)).toEqual(['signature-2', 'signature-1']);
    expect(JSON.parse((await run('export alerts --json')).said)).toEqual({ items: [] });
    expect(signaturesIn((await run('export tax')).said).length).toBeGreaterThan(0);
    expect(JSON.parse((await run('export engines --json')).said)).toMatchObject({ items: expect.anything() });
  });

  it('writes a file whole, for its owner alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'driftless-export-'));
    const file = join(folder, 'trades.csv');
    const ran = await run(`export trades --out ${file}`);
    expect(ran).toMatchObject({ code: 0, said: '' });
    expect(ran.told).toContain('from the beginning to now');
    expect(signaturesIn(await readFile(file, 'utf8'))).toHaveLength(3);
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(await readdir(folder)).toEqual(['trades.csv']);
    await rm(folder, { recursive: true });
  });
});

describe('when the product is down', () => {
  const closed: string[] = [];
  const left = async () => ({
    kind: 'copy' as const,
    place: { url: bridge.url, token: TOKEN },
    note: 'Driftless does not run. This is read from a copy.',
    close: async () => void closed.push('closed'),
  });
  let nowhere = '';
  beforeAll(async () => {
    nowhere = `http://127.0.0.1:${await freePort()}`;
  });

  it.each([
    // Nothing of a stopped engine answers the question how it does.
    ['status', 4],
    ['positions', 0],
    ['history', 0],
    ['engines', 0],
    ['export trades', 0],
  ])('%s is read from what it left, says so, and ends with %d', async (line, code) => {
    closed.length = 0;
    const ran = await run(line, { url: nowhere, left });
    expect(ran).toMatchObject({ code, told: expect.stringContaining('Driftless does not run.') });
    expect(ran.said.length).toBeGreaterThan(0);
    expect(closed).toEqual(['closed']);
    if (line === 'status') expect(ran.said).toContain('not running (last: ');
    if (line.startsWith('export')) return;
    expect(JSON.parse((await run(`${line} --json`, { url: nowhere, left })).said)).toMatchObject({ read_from: 'copy' });
    expect(JSON.parse((await run(`${line} --json`)).said)).not.toHaveProperty('read_from');
  });

  it('nothing is commanded, another address is not made up for, and a refused token is no stop', async () => {
    closed.length = 0;
    expect(await run('flatten --yes', { url: nowhere, left })).toMatchObject({ code: 4, said: '' });
    expect(await run(`status --url ${nowhere}`, { left })).toMatchObject({ code: 4, said: '' });
    const denied = await run('status', { token: 'a-token-that-is-wrong', left });
    expect(denied).toMatchObject({ code: 4, said: '' });
    expect(denied.told).toContain('refuses the token.\nRemedy: set DRIFTLESS_TOKEN');
    expect(closed).toEqual([]);
    const neither = await run('status', { url: nowhere });
    expect(neither.told).toContain('There is no journal either.');
  });
});

describe('what it prints', () => {
  it('the state, the positions and the operations as text and as JSON', async () => {
    for (const line of ['status', 'positions', 'history']) {
      const text = await run(line);
      expect(text.code).toBe(0);
      expect(text.said.length).toBeGreaterThan(0);
      expect(() => JSON.parse(text.said)).toThrow();
    }
    expect(JSON.parse((await run('status --json')).said)).toMatchObject({ engine: { engine_id: ENGINE_ID } });
    expect(JSON.parse((await run('positions --json')).said)).toEqual({ positions: null });
    expect(JSON.parse((await run('history --json')).said)).toMatchObject({ items: expect.anything() });
    expect(JSON.parse((await run('resume --json')).said)).toMatchObject({ type: 'COMMAND_RESULT', success: true });
  });

  it('figures of a whole account, and unknown for what is not known', () => {
    const state = STATE_EXAMPLE as never;
    expect(statusText(state)).toContain('Hedge deviation  0.00 %');
    expect(positionsText(state)).toContain('SOL-PERP  short  10 SOL');
    const unread = { ...STATE_EXAMPLE, account: null, age_ms: null } as never;
    expect(statusText(unread)).toMatch(/Equity +unknown/);
  });

  it('what the engines hold together, play money and real money apart', async () => {
    const [example] = ANSWER_EXAMPLES['/api/engines'].items;
    const engine = { ...example, mode: 'live', equity: 1_500 };
    const text = enginesText([
      ...[engine, { ...engine, equity: null }, { ...engine, mode: 'paper', equity: 5 }],
    ] as never);
    expect(text).toMatch(/total of 2 +live +1500\.00 USD and 1 unknown/);
    expect(text).toMatch(/total of 1 +paper +5\.00 USD/);
  });

  it.each(Object.keys(COMMANDS))('help of %s: its words, options and exit codes', async (name) => {
    const { code, said } = await run(`${name} --help`);
    expect(code).toBe(0);
    expect(said).toContain(`driftless ${name}`);
    expect(said).toContain('--json');
    expect(said).toContain('4 not reachable');
    expect(said.includes('--command-id')).toBe(COMMANDS[name as CommandName].kind === 'acts');
  });
});
