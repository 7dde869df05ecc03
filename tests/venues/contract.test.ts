/** One table of commands and answers, run against every venue through the whole engine: what is answered does not tell them apart. */

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeOnDrift } from '../../localnet/tests/support/drift-program.ts';
import { describeOnVelocity } from '../../localnet/tests/support/velocity-files.ts';
import type { CommandRequest } from '../../src/domain/order/command.ts';
import { type ContractSide, DriftSide, PaperSide, VelocitySide } from '../support/contract-sides.ts';
import { lamportsOf } from '../support/engine-harness.ts';
import { longOnly } from '../support/long.ts';
import { temporalAddress } from '../support/temporal-address.ts';
import { withContext } from '../support/with-context.ts';

const MARKET = 'SOL-PERP';

interface Case {
  readonly name: string;
  /** What happens to the venue first. */
  readonly before?: (side: ContractSide) => Promise<void>;
  readonly request: CommandRequest | ((side: ContractSide) => CommandRequest);
  readonly success: boolean;
  readonly status: string;
  readonly code?: string;
  /** QUOTE stands for the symbol of the quote asset. */
  readonly message?: string;
  /** Those of `data` that are known beforehand. */
  readonly data?: Readonly<Record<string, unknown>>;
  /** All fields of data, by name. */
  readonly fields: string;
  /** Paper asks for no permission. */
  readonly only?: 'live';
  /** On Velocity the AMM joins a maker in the same fill: no order ends filled in part by a maker. */
  readonly except?: 'Velocity';
  /** Velocity prices our own size in: so large a short would be paid for. */
  readonly blockedOnVelocity?: readonly string[];
  /** What live alone tells: a paper wallet is nobody's to fund. */
  readonly liveFields?: string;
  /** All fields of error.details, by name. */
  readonly details?: string;
  /** Codes of the gates that block, among `details.gates`. */
  readonly blocked?: readonly string[];
}

const deposit = (asset: string, amount: string): CommandRequest => ({ kind: 'deposit', asset, amount });
const withdraw = (asset: string, amount: string): CommandRequest => ({
  kind: 'withdraw',
  asset,
  amount,
});
const open = (sol: number, market = MARKET): CommandRequest => ({
  kind: 'open',
  market,
  size: lamportsOf(-sol),
});
const close: CommandRequest = { kind: 'close', market: MARKET };
const settle: CommandRequest = { kind: 'settle', market: MARKET };

const WHO = 'engine_id mode status';
const ENGINE = `${WHO} changed hedge_target state trading_state`;
const LANDED = `${WHO} operation_id tx_signature`;
const MOVED = `${LANDED} amount amount_base asset commitment`;
const FILLED =
  'average_price average_price_base fee fee_base filled_size filled_size_base market requested_size requested_size_base';
const UNDONE = `${LANDED} ${FILLED} direction`;
const OPENED = `${UNDONE} commitment`;
const CLOSED = `${LANDED} ${FILLED} closed_by commitment`;

const refused = (code: string, blocked: readonly string[] = [code]) => ({
  success: false,
  status: 'rejected',
  code,
  fields: WHO,
  details: 'gates',
  blocked,
});
const done = (fields: string, data: Case['data'] = {}) => ({ success: true, status: 'done', fields, data });
const PAUSED = refused('VENUE_PAUSED');

const CASES: readonly Case[] = [
  {
    name: 'START_ENGINE in the other mode',
    request: ({ mode }) => ({ action: 'START_ENGINE', mode: mode === 'live' ? 'paper' : 'live' }),
    success: false,
    status: 'rejected',
    code: 'ENGINE_RUNNING_OTHER_MODE',
    fields: WHO,
    details: 'mode',
  },
  {
    name: 'START_ENGINE of one that runs',
    request: ({ mode }) => ({ action: 'START_ENGINE', mode }),
    liveFields: 'wallet',
    ...done(ENGINE, { changed: false }),
  },
  {
    name: 'DRIFT_DEPOSIT of SOL',
    request: deposit('SOL', lamportsOf(1)),
    message: 'Deposited 1 SOL',
    ...done(MOVED, { amount: 1, amount_base: '1000000000', asset: 'SOL', commitment: 'confirmed' }),
  },
  {
    name: 'DRIFT_DEPOSIT of more than the wallet holds',
    request: deposit('SOL', lamportsOf(1_000)),
    ...refused('INSUFFICIENT_FUNDS', ['GAS_RESERVE', 'INSUFFICIENT_FUNDS']),
  },
  {
    name: 'DRIFT_DEPOSIT of more of the quote asset than the wallet holds',
    request: ({ quote }) => deposit(quote, '900000000000'),
    ...refused('INSUFFICIENT_FUNDS'),
  },
  {
    name: 'DRIFT_WITHDRAW',
    request: ({ quote }) => withdraw(quote, '20500000'),
    message: 'Withdrew 20.5 QUOTE',
    ...done(MOVED, { amount: 20.5, amount_base: '20500000', commitment: 'confirmed' }),
  },
  {
    name: 'DRIFT_WITHDRAW of more than there is',
    request: withdraw('SOL', lamportsOf(1_000)),
    ...refused('INSUFFICIENT_FUNDS', ['INSUFFICIENT_FUNDS', 'DELTA_EXPOSED']),
  },
  {
    name: 'DRIFT_CLOSE_POSITION without one',
    request: close,
    success: false,
    status: 'rejected',
    code: 'NO_POSITION',
    fields: WHO,
    details: '',
  },
  {
    name: 'SETTLE_PNL without a position',
    request: settle,
    success: false,
    status: 'rejected',
    code: 'NO_POSITION',
    fields: WHO,
    details: '',
  },
  {
    name: 'DRIFT_OPEN_POSITION in a market that is not there',
    request: open(1, 'DOGE-PERP'),
    success: false,
    status: 'rejected',
    code: 'UNKNOWN_MARKET',
    fields: WHO,
    details: 'expected field got',
  },
  {
    name: 'DRIFT_OPEN_POSITION below the minimum',
    request: open(0.0045),
    ...refused('BELOW_MINIMUM', ['MINIMUM_SIZE', 'STEP_SIZE']),
  },
  {
    name: 'DRIFT_OPEN_POSITION beyond the funds',
    blockedOnVelocity: ['UNPROFITABLE'],
    request: open(1_000),
    ...refused('GATE_BLOCKED', [
      'INSUFFICIENT_FUNDS',
      'LEVERAGE',
      'HEALTH_AFTER',
      'LIQUIDATION_DISTANCE',
      'DELTA_EXPOSED',
      'MAX_AUTO_TRADE',
    ]),
  },
  {
    name: 'DRIFT_OPEN_POSITION that nobody fills',
    before: (side) => side.fills('none'),
    request: open(2),
    success: false,
    status: 'failed',
    code: 'ORDER_NOT_FILLED',
    data: { requested_size: 2, filled_size: 0, average_price: null },
    fields: OPENED,
    details: 'requested_size',
  },
  {
    name: 'DRIFT_OPEN_POSITION that is filled in part',
    except: 'Velocity',
    before: (side) => side.fills('part'),
    request: open(2),
    ...done(OPENED, { requested_size: 2, filled_size: 0.8, filled_size_base: '800000000', direction: 'short' }),
  },
  {
    name: 'DRIFT_CLOSE_POSITION',
    except: 'Velocity',
    before: (side) => side.fills('whole'),
    request: close,
    ...done(CLOSED, { requested_size: 0.8, filled_size: 0.8, closed_by: 'us' }),
  },
  {
    name: 'DRIFT_OPEN_POSITION',
    before: (side) => side.fills('whole'),
    request: open(2),
    ...done(OPENED, { requested_size: 2, filled_size: 2, commitment: 'confirmed' }),
  },
  {
    name: 'REBALANCE within tolerance',
    request: { kind: 'rebalance', market: 'SOL-PERP' },
    ...done(`${WHO} changed correction direction drift_pct hedge_target minimum off_target perp spot`, {
      changed: false,
      perp: '-2',
    }),
  },
  {
    name: 'SETTLE_PNL',
    request: settle,
    ...done(`${LANDED} commitment market quote_asset settled_pnl settled_pnl_base`, { market: MARKET }),
  },
  {
    name: 'DRIFT_DEPOSIT on a paused venue',
    before: (side) => side.pause(true),
    request: deposit('SOL', lamportsOf(0.1)),
    ...PAUSED,
  },
  { name: 'DRIFT_WITHDRAW on a paused venue', request: withdraw('SOL', lamportsOf(0.1)), ...PAUSED },
  { name: 'DRIFT_OPEN_POSITION on a paused venue', request: open(0.5), ...PAUSED },
  {
    name: 'DRIFT_CLOSE_POSITION on a paused venue',
    request: close,
    ...PAUSED,
    data: { requested_size: 2, filled_size: 0 },
    fields: `${WHO} operation_id ${FILLED}`,
  },
  { name: 'SETTLE_PNL on a paused venue', request: settle, ...PAUSED },
  {
    name: 'DRIFT_CLOSE_POSITION of what somebody else closed',
    before: async (side) => {
      await side.pause(false);
      await side.strangerCloses();
    },
    request: close,
    success: false,
    status: 'rejected',
    code: 'NO_POSITION',
    fields: WHO,
    details: '',
  },
  {
    name: 'DRIFT_OPEN_POSITION where only capital is permitted',
    only: 'live',
    before: (side) => side.permit('capital'),
    request: open(1),
    ...refused('PERMISSION_DENIED', ['PERMISSION']),
  },
  {
    name: 'DRIFT_WITHDRAW where only reading is permitted',
    only: 'live',
    before: (side) => side.permit('read-only'),
    request: withdraw('SOL', lamportsOf(0.1)),
    ...refused('PERMISSION_DENIED', ['PERMISSION']),
  },
  {
    name: 'STOP_ENGINE',
    request: { action: 'STOP_ENGINE' },
    ...done(`${ENGINE} position_open`, { changed: true, position_open: false }),
  },
  {
    name: 'STOP_ENGINE of one that is stopped',
    request: { action: 'STOP_ENGINE' },
    ...done(`${ENGINE} position_open`, { changed: false, position_open: false }),
  },
  {
    name: 'DRIFT_OPEN_POSITION on an engine that is stopped',
    request: open(1),
    success: false,
    status: 'rejected',
    code: 'ENGINE_STOPPED',
    fields: WHO,
    details: 'state',
  },
];

const named = (fields: object): string => Object.keys(fields).sort().join(' ');
const sorted = (fields: string): string => fields.split(' ').sort().join(' ');

interface Gate {
  readonly code: string;
  readonly pass: boolean;
}

function contract(venue: 'paper' | 'Drift' | 'Velocity', start: (address: string) => Promise<ContractSide>): void {
  const mode = venue === 'paper' ? 'paper' : 'live';
  let side: ContractSide;
  beforeAll(async () => {
    side = await start(temporalAddress());
  }, 300_000);
  afterAll(async () => await side?.close());

  it.each(CASES.filter(({ only = mode, except }) => only === mode && except !== venue))(
    '$name',
    async ({ before, request, ...expected }) => {
      await before?.(side);
      const answer = await side.answer(typeof request === 'function' ? request(side) : request);
      const { success, data, error } = answer;
      const told = JSON.stringify(answer);
      const { code = null, details = '' } = expected;
      withContext(told, () =>
        expect({ success, status: data.status, code: error?.code ?? null }).toEqual({
          success: expected.success,
          status: expected.status,
          code,
        }),
      );
      const live = side.mode === 'live' && expected.liveFields !== undefined ? ` ${expected.liveFields}` : '';
      withContext(told, () => expect(named(data)).toBe(sorted(`${expected.fields}${live}`)));
      expect(data).toMatchObject({ mode: side.mode, engine_id: side.engine.engineId, ...expected.data });
      withContext(told, () => expect(named(error?.details ?? {})).toBe(sorted(details)));
      if (expected.message !== undefined) expect(answer.message).toBe(expected.message.replace('QUOTE', side.quote));
      if (expected.blocked !== undefined) {
        const gates = (error?.details?.gates ?? []) as unknown as readonly Gate[];
        const also = venue === 'Velocity' ? (expected.blockedOnVelocity ?? []) : [];
        const blocked = gates.flatMap((gate) => (gate.pass ? [] : [gate.code]));
        expect(blocked.sort()).toEqual([...expected.blocked, ...also].sort());
      }
    },
    180_000,
  );
}

describe('the contract on paper', () => contract('paper', PaperSide.start));
longOnly(describeOnDrift)('the contract on Drift', () => contract('Drift', DriftSide.start));
describeOnVelocity('the contract on Velocity', () => contract('Velocity', VelocitySide.start));
