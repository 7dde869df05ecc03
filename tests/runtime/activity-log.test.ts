import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { encodeSnapshot } from '../../src/domain/account/snapshot.ts';
import { DEFAULT_POLICY } from '../../src/domain/hedge/policy.ts';
import type { Journal, JournalEvent } from '../../src/journal/journal.ts';
import type { ErrorReport } from '../../src/lib/errors.ts';
import { type ActivityLog, startActivityLog } from '../../src/runtime/activity-log.ts';
import { openTestJournal } from '../support/journal.ts';
import { until } from '../support/product.ts';
import { snapshotOf } from '../support/snapshots.ts';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const ENGINE = 'engine:paper:synthetic:9:0';
const INFO = 30;
const WARN = 40;
const DEBUG = 20;

describe('the activity log', () => {
  let journal: Journal;
  let log: ActivityLog;
  let lines: Line[] = [];

  beforeAll(async () => {
    journal = await openTestJournal();
    const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
    log = startActivityLog({ journal, logger, policy: DEFAULT_POLICY, nowMs: () => Date.now() });
  });
  afterAll(async () => {
    await log.stop();
    await journal.close();
  });
  beforeEach(() => {
    lines = [];
  });

  /** Writes until the line shows: listening may begin after the first write. */
  const lineFor = async (write: (round: number) => Promise<unknown>, find: (line: Line) => boolean): Promise<Line> => {
    let round = 0;
    return await until('the line', async () => {
      const found = lines.find(find);
      if (found !== undefined) return found;
      if (round < 200) await write(round);
      round += 1;
      return null;
    });
  };

  const refuse = async (commandId: string, error: ErrorReport, operation: object = {}) => {
    const row = { commandId, engineId: ENGINE, action: 'FLATTEN', requestHash: commandId, request: {} } as const;
    await journal.admitCommand({ ...row, receivedAtMs: 1, operationId: null });
    const answer = { success: false, message: error.message, data: { status: 'rejected', ...operation }, error };
    await journal.recordAnswer(commandId, answer as never, 2);
  };

  it('tells a trade with time, market, side, size, price and signature', async () => {
    const line = await lineFor(
      (round) =>
        journal.recordTrades([
          {
            ...{ engineId: ENGINE, operationId: null, market: 'SOL-PERP', side: 'sell', size: '2500000000' },
            ...{ price: '127141267', fee: '79463', signature: `sig${round}`, index: 0, tsMs: 1_700_000_000_000 },
          },
        ]),
      ({ msg }) => msg.startsWith('trade:'),
    );
    expect(line).toMatchObject({
      ...{ level: INFO, market: 'SOL-PERP', side: 'sell', size: '2.5', price: '127.141267', fee: '0.079463' },
      ...{ at: '2023-11-14T22:13:20.000Z', msg: 'trade: sell 2.5 SOL-PERP at 127.141267' },
    });
    expect(line.signature).toMatch(/^sig/);
  });

  it('tells each gate that blocks as a warning with its figures, and no gate that only reports', async () => {
    const gates = [
      { code: 'UNPROFITABLE', pass: false, blocks: true, have: 1.5, need: 16.4, unit: 'USD', remedy: 'wait' },
      { code: 'MAX_AUTO_TRADE', pass: false, blocks: false, have: 6000, need: 1000, unit: 'USD' },
      { code: 'LEVERAGE', pass: true, blocks: false },
    ];
    await lineFor(
      (round) => refuse(`blocked-${round}`, { code: 'GATE_BLOCKED', message: 'Blocked.', details: { gates } }),
      ({ msg }) => msg === 'gate UNPROFITABLE blocks',
    );
    const told = lines.filter(({ msg }) => msg.startsWith('gate '));
    expect(new Set(told.map(({ msg }) => msg))).toEqual(new Set(['gate UNPROFITABLE blocks']));
    expect(told[0]).toMatchObject({ level: WARN, gate: { have: 1.5, need: 16.4, remedy: 'wait' } });
  });

  it('tells what a trade is expected to earn and cost even when nothing blocks', async () => {
    const gates = [{ code: 'UNPROFITABLE', pass: true, blocks: false, have: 20, need: 16.4, detail: { gas_usd: 0.1 } }];
    const line = await lineFor(
      (round) => refuse(`fine-${round}`, { code: 'GATE_BLOCKED', message: 'Another gate.', details: { gates } }),
      ({ msg }) => msg === 'profitability',
    );
    expect(line).toMatchObject({ level: INFO, profitability: { have: 20, need: 16.4, detail: { gas_usd: 0.1 } } });
  });

  it('tells a refused command with its code as a warning, and leaves one that has an operation to that', async () => {
    const error = { code: 'NO_POSITION', message: 'There is no position.', details: {} };
    const line = await lineFor(
      async (round) => {
        await refuse(`with-operation-${round}`, error, { operation_id: 'o' });
        await refuse(`alone-${round}`, error);
      },
      ({ msg }) => msg === 'FLATTEN: There is no position.',
    );
    expect(line).toMatchObject({ level: WARN, error, action: 'FLATTEN', engineId: ENGINE });
    expect(lines.filter(({ commandId }) => String(commandId).startsWith('with-operation'))).toEqual([]);
  });

  it('dumps the state at debug with every snapshot, and tells health, leverage and collateral once a minute', async () => {
    let taken = 0;
    const write = async () => {
      taken += 1;
      const one = { ...snapshotOf(), engineId: ENGINE, takenAtMs: taken };
      await journal.recordSnapshot({ engineId: ENGINE, generation: 1, attempt: 1 }, encodeSnapshot(one));
    };
    const dump = await lineFor(write, ({ msg }) => msg === 'state');
    expect(dump).toMatchObject({ level: DEBUG, engineId: ENGINE });
    const told = await until('the account', () => lines.find(({ msg }) => msg === 'account'));
    expect(told.level).toBe(INFO);
    for (const figure of ['health', 'leverage', 'total_collateral']) expect(typeof told[figure]).toBe('number');
    lines = [];
    await lineFor(write, ({ msg }) => msg === 'state');
    expect(lines.filter(({ msg }) => msg === 'account')).toEqual([]);
  });
});

it('a thousand engines take no place of what happened', async () => {
  const logged: Line[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line) as Line) });
  let hear: (event: JournalEvent) => void = () => {};
  let snapshots = 0;
  const journal = {
    listen: async (onEvent: (event: JournalEvent) => void) => {
      hear = onEvent;
      return async () => {};
    },
    latestSnapshot: async () => {
      snapshots += 1;
      return null;
    },
    operation: async () => ({ commandId: null, kind: 'close', status: 'done', error: null, attempts: [] }),
  } as unknown as Journal;
  const log = startActivityLog({ journal, logger, policy: DEFAULT_POLICY, nowMs: () => 0 });
  for (let engine = 0; engine < 1_500; engine += 1)
    hear({ table: 'snapshots', engineId: `engine:${engine}`, key: '1' } as JournalEvent);
  hear({ table: 'operations', engineId: 'engine:1', key: 'op-1' } as JournalEvent);
  await until('all to be read', async () => snapshots === 1_500);
  expect(logged.map(({ msg }) => msg)).toEqual(['operation close: done']);
  await log.stop();
});
