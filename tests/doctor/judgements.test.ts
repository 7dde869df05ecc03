/** What doctor concludes from figures that no test can make real: a full disk, old servers, accounts in trouble. */
import { describe, expect, it } from '@jest/globals';
import { judgeBackup, judgeRestored } from '../../src/doctor/checks/backup.ts';
import { judgeChain, judgeSkew, LIMITS } from '../../src/doctor/checks/clock.ts';
import { type FoundKeys, judgeKeys } from '../../src/doctor/checks/codec.ts';
import { judgeRoom } from '../../src/doctor/checks/disk.ts';
import { judgeMemory } from '../../src/doctor/checks/memory.ts';
import { judgeBuild } from '../../src/doctor/checks/program.ts';
import { judgeNamespace, judgeVersion } from '../../src/doctor/checks/temporal.ts';
import { judgeSnapshot } from '../../src/doctor/checks/venue.ts';
import { examine } from '../../src/doctor/examine.ts';
import { fail, type Judgement } from '../../src/doctor/finding.ts';
import type { Subject } from '../../src/doctor/subject.ts';
import { NO_KEYS } from '../../src/runtime/encryption-keys.ts';
import { keysOf } from '../support/encryption-keys.ts';
import { type Scenario, snapshotOf, sol } from '../support/snapshots.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
const NO_PAUSES = snapshotOf().pauses;
const verdicts = (said: readonly Judgement[]) => said.map(({ verdict }) => verdict);

describe('limits', () => {
  it.each([
    ['a full disk', judgeRoom({ folder: '/data', freeBytes: 0, freeFiles: 9_999 }), 'fail'],
    ['a nearly full one', judgeRoom({ folder: '/data', freeBytes: 255 * MIB, freeFiles: null }), 'fail'],
    ['one without room for files', judgeRoom({ folder: '/data', freeBytes: 9_999 * MIB, freeFiles: 10 }), 'fail'],
    ['one for some days', judgeRoom({ folder: '/data', freeBytes: 500 * MIB, freeFiles: null }), 'warn'],
    ['one with room', judgeRoom({ folder: '/data', freeBytes: 5_000 * MIB, freeFiles: null }), 'pass'],
    ['no memory', judgeMemory(100 * MIB, false), 'fail'],
    ['little memory', judgeMemory(800 * MIB, false), 'warn'],
    ['the same under the running product', judgeMemory(300 * MIB, true), 'pass'],
    ['a database’s clock seconds away', judgeSkew('database’s', -2_000, LIMITS.DATABASE), 'warn'],
    ['one beyond the life of a command', judgeSkew('database’s', 6_000, LIMITS.DATABASE), 'fail'],
    ['a chain’s clock seconds away', judgeSkew('chain’s', -2_000, LIMITS.CHAIN), 'pass'],
    ['a chain’s clock far ahead', judgeChain(90_000), 'fail'],
    ['a chain far behind', judgeChain(-90_000), 'fail'],
    ['an old Temporal', judgeVersion('1.20.0'), 'fail'],
    ['a Temporal that nobody tested', judgeVersion('1.29.1'), 'warn'],
    ['the tested one', judgeVersion('1.32.0'), 'pass'],
    ['one that does not say', judgeVersion(''), 'warn'],
    [
      'an unknown build while trading',
      judgeBuild({ kind: 'unknown', hash: 'ab', before: null }, 'Velocity', true),
      'fail',
    ],
    ['an accepted build', judgeBuild({ kind: 'accepted', hash: 'ab' }, 'Velocity', true), 'warn'],
  ])('%s', (_name, { verdict, remedy }, expected) => {
    expect(verdict).toBe(expected);
    // Whatever is wrong comes with what helps.
    expect(remedy === null).toBe(verdict === 'pass');
  });

  it('a namespace that forgets too early, or lacks search attributes', () => {
    expect(verdicts(judgeNamespace('driftless', 30 * DAY_MS, []))).toEqual(['pass']);
    expect(verdicts(judgeNamespace('driftless', 3 * DAY_MS, []))).toEqual(['warn']);
    expect(judgeNamespace('driftless', null, ['DriftlessEngine'])).toMatchObject([
      { verdict: 'warn', remedy: expect.stringContaining('--retention 30d driftless') },
      { verdict: 'warn', message: expect.stringContaining('DriftlessEngine') },
    ]);
  });
});

describe('encryption keys', () => {
  const judged = (found: Partial<FoundKeys>) =>
    judgeKeys({ keys: keysOf('b', 'a'), users: new Map(), isComplete: true, noted: [], ...found }).map(
      ({ verdict, message }) => `${verdict}: ${message}`,
    );
  const ofEngine = (...ids: readonly string[]) => new Map(ids.map((id) => [id, 'engine:1']));
  const ENCRYPTS = 'pass: Payloads are encrypted with the key b.';

  it.each<[string, Partial<FoundKeys>, readonly string[]]>([
    ['an old one is needed', { users: ofEngine('a', 'b') }, [ENCRYPTS, 'pass: Still needed: a (by engine:1).']],
    [
      'an old one is not needed',
      { users: ofEngine('b') },
      [ENCRYPTS, 'pass: No history needs a any longer: the line can be deleted.'],
    ],
    [
      'not all could be read',
      { users: ofEngine('b'), isComplete: false },
      [ENCRYPTS, 'warn: Whether a history needs a is not known: there are too many to read in time.'],
    ],
    [
      'one that is needed is gone',
      { users: ofEngine('a', 'c') },
      [
        'fail: engine:1 needs the key c, which is not in CODEC_KEYS_FILE.',
        ...[ENCRYPTS, 'pass: Still needed: a (by engine:1).'],
      ],
    ],
    [
      'Temporal does not run',
      { users: null, isComplete: false, noted: ['b', 'c'] },
      [
        'warn: The key c encrypted here and is not in CODEC_KEYS_FILE.',
        ...[ENCRYPTS, 'warn: Which of the other keys are still needed is not known: Temporal does not run.'],
      ],
    ],
    [
      'the file is gone',
      { keys: NO_KEYS, users: null, isComplete: false, noted: ['b'] },
      ['warn: The key b encrypted here and is not in CODEC_KEYS_FILE.'],
    ],
    [
      'switched off, and nothing needs a key',
      { keys: { ...keysOf('b'), encrypts: null }, noted: ['b'] },
      [
        'pass: Payloads are no longer encrypted (off); the keys only decrypt.',
        'pass: No history needs b any longer: the line can be deleted.',
      ],
    ],
  ])('%s', (_, found, said) => expect(judged(found)).toEqual(said));
});

describe('venue and account', () => {
  const judged = (scenario: Scenario, permissions: 'read-only' | 'trading' = 'trading') =>
    judgeSnapshot(snapshotOf(scenario), { venue: 'Velocity', permissions, reservedLamports: sol('0.017') }).filter(
      ({ verdict }) => verdict !== 'pass',
    );

  it('says nothing of one that is well', () => {
    expect(judged({ walletSol: 1 })).toEqual([]);
  });

  it.each<readonly [string, Scenario, string, RegExp]>([
    ['no gas', { walletSol: 0 }, 'fail', /cannot pay for a transaction/],
    [
      'gas for some transactions',
      { walletSol: '0.01', snapshot: { transactionCostLamports: sol('0.001') } },
      'warn',
      /enough for 10 transactions/,
    ],
    [
      'less than the reserve',
      { walletSol: '0.01', snapshot: { transactionCostLamports: sol('0.000005') } },
      'warn',
      /less than RESERVED_SOL/,
    ],
    [
      'no account',
      { account: null, snapshot: { account: null, openingCostLamports: sol('0.03') } },
      'warn',
      /no Velocity account yet/,
    ],
    ['no price', { oracleUsd: null }, 'fail', /oracle of SOL-PERP: no price/],
    ['a market that only reduces', { perpMarket: { status: 'reduce_only' } }, 'fail', /SOL-PERP is reduce only/],
    [
      'a market at its cap',
      { perpMarket: { openInterest: { long: sol(10), short: sol(3), cap: sol(10) } } },
      'warn',
      /cap of its open interest/,
    ],
    [
      'a venue that takes nothing new',
      { snapshot: { pauses: { ...NO_PAUSES, deposit: true, increase: true, detail: 'Paused by its admin.' } } },
      'fail',
      /refuses: deposit, increase\. Paused by its admin\./,
    ],
    [
      'nodes that contradict each other',
      { snapshot: { nodesDisagree: 'Node A denies the account.' } },
      'warn',
      /Node A denies/,
    ],
  ])('%s', (_name, scenario, verdict, message) => {
    const found = judged({ walletSol: 1, ...scenario });
    expect(found).toEqual(
      expect.arrayContaining([{ verdict, message: expect.stringMatching(message), remedy: expect.any(String) }]),
    );
  });

  it('a watcher needs no gas, and a pause is not its failure', () => {
    const pauses = { ...NO_PAUSES, reduce: true };
    expect(judged({ walletSol: 0, snapshot: { pauses } }, 'read-only')).toMatchObject([{ verdict: 'warn' }]);
  });
});

describe('examining', () => {
  const subject = { settings: null } as Subject;
  const run = async () => [fail('The secret is abcdefgh.', 'Change abcdefgh.')];

  it('hides secrets, survives a check that breaks, and leaves out what needs settings when there are none', async () => {
    const told: string[] = [];
    const broken = async () => {
      throw new Error('it broke');
    };
    const found = await examine(
      [
        { name: 'first', needsSettings: false, run },
        { name: 'second', needsSettings: true, run },
        { name: 'third', needsSettings: false, run: broken },
      ],
      subject,
      { scrub: (text) => text.replaceAll('abcdefgh', '…'), tell: ({ check }) => told.push(check) },
    );
    expect(found).toEqual([
      { check: 'first', verdict: 'fail', message: 'The secret is ….', remedy: 'Change ….' },
      { check: 'third', verdict: 'fail', message: 'it broke', remedy: expect.stringContaining('driftless logs') },
    ]);
    expect(told).toEqual(['first', 'third']);
  });
});

describe('the backup', () => {
  const NOW = Date.parse('2026-01-31T12:00:00Z');
  const DAY = 86_400_000;
  it('is wanted, and wanted again after a week', () => {
    expect(judgeBackup(null, NOW)).toMatchObject({
      verdict: 'warn',
      remedy: expect.stringContaining('driftless backup'),
    });
    const aged = (days: number) => judgeBackup({ folder: '/mnt/b', madeAtMs: NOW - days * DAY }, NOW);
    expect([0, 1, 6.9, 7, 40].map((days) => aged(days).verdict)).toEqual(['pass', 'pass', 'pass', 'warn', 'warn']);
    expect(aged(40).message).toBe('The last backup is 40 days old: /mnt/b.');
  });

  it('that a folder came from is told until its engine was compared', () => {
    const note = { backup_made_at: NOW, confirmed_at: null, compared: [] };
    const of = (...ids: readonly string[]) => ids.map((engineId) => ({ engineId, name: engineId }));
    expect(judgeRestored(null, of('engine-1'))).toEqual([]);
    expect(judgeRestored(note, of('engine-1'))).toMatchObject([{ verdict: 'fail' }]);
    expect(judgeRestored({ ...note, confirmed_at: NOW }, of('engine-1'))).toMatchObject([{ verdict: 'warn' }]);
    expect(judgeRestored({ ...note, confirmed_at: NOW, compared: ['engine-1'] }, of('engine-1'))).toEqual([]);
    expect(
      judgeRestored({ ...note, confirmed_at: NOW, compared: ['engine-1'] }, of('engine-1', 'engine-2')),
    ).toMatchObject([{ verdict: 'warn', message: expect.stringContaining('(engine-2)') }]);
  });
});
