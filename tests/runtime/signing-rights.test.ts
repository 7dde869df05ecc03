/** What a process may sign and send follows from its own mode, account and permissions, whatever comes to its worker. */
import { describe, expect, it } from '@jest/globals';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { ConfirmationReport } from '../../activities/contract.ts';
import { createTransactionActivities } from '../../activities/transaction.ts';
import type { Intent } from '../../src/domain/order/intent.ts';
import { PERMISSIONS } from '../../src/domain/order/permission.ts';
import { DEFAULT_TIMING } from '../../src/domain/transaction/transaction.ts';
import { CriticalError, TransientError } from '../../src/lib/errors.ts';
import { signingRights } from '../../src/runtime/signing-rights.ts';
import type { Venue } from '../../src/venues/venue.ts';
import { attemptAt } from '../support/scripted-chain.ts';
import { mute } from '../support/scripted-venue.ts';

const market = 'SOL-PERP';
const DEPOSIT: Intent = { kind: 'deposit', asset: 'SOL', amount: '1' };
const ORDER: Intent = {
  ...{ kind: 'order', market, size: '-1', reduceOnly: false },
  ...{ priceLimit: '1', maxTsMs: 1, cancelOpenOrders: false },
} as const;
const CAPITAL: readonly Intent[] = [DEPOSIT, { ...DEPOSIT, kind: 'withdraw' }, { kind: 'settle', market }];
const TRADING: readonly Intent[] = [ORDER, { kind: 'cancel_orders', market }];

const OWN = 'engine:drift:Me:0';
/** In ENGINES_FILE. */
const NAMED = 'engine:drift:Me:7';
const processOf = (mode: 'paper' | 'live', permissions: (typeof PERMISSIONS)[number], engineId = OWN) =>
  signingRights({ engineId, engines: [{ engineId: NAMED }], mode, live: { permissions } });

describe('the rights of a process', () => {
  it.each([OWN, NAMED])('are its permissions, on its own live account and on those of ENGINES_FILE: %s', (engineId) => {
    for (const intent of CAPITAL) {
      expect(PERMISSIONS.map((held) => processOf('live', held)(engineId, intent)?.code ?? null)).toEqual([
        'PERMISSION_DENIED',
        null,
        null,
      ]);
    }
    for (const intent of TRADING) {
      expect(PERMISSIONS.map((held) => processOf('live', held)(engineId, intent)?.code ?? null)).toEqual([
        'PERMISSION_DENIED',
        'PERMISSION_DENIED',
        null,
      ]);
    }
  });

  it('are none on another account, nor on any live one in paper mode', () => {
    for (const intent of [...CAPITAL, ...TRADING]) {
      for (const other of ['engine:drift:Me:1', 'engine:drift:You:0']) {
        const refusal = processOf('live', 'trading')(other, intent);
        expect(refusal).toMatchObject({ code: 'PERMISSION_DENIED', details: { engine_id: other, have: 'read-only' } });
        expect(String(refusal?.details?.remedy)).toContain(other);
      }
      expect(processOf('paper', 'trading', 'engine:paper:synthetic:1:0')(OWN, intent)?.code).toBe('PERMISSION_DENIED');
      expect(processOf('paper', 'trading')(OWN, intent)?.code).toBe('PERMISSION_DENIED');
    }
  });

  it('are all on paper accounts, which hold no money', () => {
    for (const intent of [...CAPITAL, ...TRADING]) {
      expect(processOf('live', 'read-only')('engine:paper:synthetic:1:0', intent)).toBeNull();
    }
  });
});

describe('sign and submit without the right', () => {
  const attempt = attemptAt();
  const done: string[] = [];
  const venue = {
    kind: 'drift',
    explorerUrl: () => null,
    sign: async () => {
      done.push('sign');
      return attempt;
    },
    submit: async () => {
      done.push('submit');
    },
    status: async () => mute(),
  } as unknown as Venue;
  const activities = (permissions: (typeof PERMISSIONS)[number], on = venue) =>
    createTransactionActivities({
      venueOf: async () => on,
      journal: { writeOperation: async () => undefined, operation: async () => null },
      alerts: { announce: () => undefined },
      rights: processOf('live', permissions),
      clock: { nowMs: () => Date.now() },
      logger: { warn: () => undefined },
    });
  const ref = { engineId: OWN, operationId: 'o', number: 1, attempt, intent: ORDER, tryNumber: 0, writes: [] };
  const denied = expect.objectContaining({ type: 'PERMISSION_DENIED', nonRetryable: true });

  it('are refused for good, a reduction too, and nothing is signed or sent', async () => {
    const { sign, submit } = activities('capital');
    await expect(sign({ engineId: OWN, intent: ORDER })).rejects.toEqual(denied);
    for (const reducing of [true, false]) await expect(submit({ ...ref, reducing })).rejects.toEqual(denied);
    expect(done).toEqual([]);
    await new MockActivityEnvironment().run(activities('trading').sign, { engineId: OWN, intent: ORDER });
    expect(done).toEqual(['sign']);
  });

  /** Signing on a venue that is another in this. */
  const signOn = (change: Partial<Venue>, info: { readonly activityId?: string; readonly attempt?: number } = {}) => {
    const on: Venue = { ...venue, ...change };
    return new MockActivityEnvironment(info).run(activities('trading', on).sign, { engineId: OWN, intent: ORDER });
  };

  it('a live signature names its attempt: the same at each try of the activity, another for the next', async () => {
    const names: unknown[] = [];
    const sign = async (_intent: Intent, name?: string) => {
      names.push(name);
      return attempt;
    };
    await signOn({ sign }, { activityId: '7', attempt: 1 });
    await signOn({ sign }, { activityId: '7', attempt: 2 });
    await signOn({ sign }, { activityId: '8' });
    await signOn({ sign, kind: 'paper' });
    const [first, again, next, paper] = names;
    expect(first).toMatch(/ 7$/);
    expect(again).toBe(first);
    expect(next).toMatch(/ 8$/);
    expect(paper).toBeUndefined();
  });

  it('a signer that refuses is not asked again, and one that does not answer is', async () => {
    const message = 'The signer refused this transaction. At most 10 SOL is signed.';
    const failing = (error: Error) => signOn({ sign: () => Promise.reject(error) });
    await expect(failing(new CriticalError('SIGNER_REFUSED', message))).rejects.toMatchObject({
      ...{ type: 'SIGNER_REFUSED', nonRetryable: true, message },
    });
    await expect(failing(new TransientError('SIGNER_UNREACHABLE', 'no answer'))).rejects.toMatchObject({
      ...{ type: 'SIGNER_UNREACHABLE', nonRetryable: false },
    });
  });

  it('leave confirm and proof to everybody, who sends nothing again', async () => {
    const watch = async (permissions: (typeof PERMISSIONS)[number]) => {
      done.length = 0;
      const nowMs = Date.now();
      const timing = { ...DEFAULT_TIMING, pollMs: 20, rebroadcastMs: 20 };
      const until = { confirmUntilMs: nowMs + 200, queryUntilMs: nowMs + 200, mayResend: true };
      const { confirm } = activities(permissions);
      const asked = (await new MockActivityEnvironment().run(confirm, {
        ...ref,
        ...until,
        target: 'confirmed' as const,
        timing,
      })) as ConfirmationReport;
      expect(asked.sighting.kind).toBe('unseen');
      return done.length;
    };
    expect(await watch('read-only')).toBe(0);
    expect(await watch('trading')).toBeGreaterThan(0);
  });
});
