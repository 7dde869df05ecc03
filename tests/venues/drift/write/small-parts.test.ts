import { execFileSync } from 'node:child_process';
import { calculateInitUserFee, configs } from '@drift-labs/sdk';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { price } from '../../../../src/domain/money/units.ts';
import { DRIFT } from '../../../../src/venues/drift/drift-program.ts';
import { auctionOf } from '../../../../src/venues/drift/write/auction.ts';
import { openingFee } from '../../../../src/venues/drift/write/opening.ts';
import { explainFailure } from '../../../../src/venues/solana-perps/write/program-errors.ts';
import { blank, bn, ours } from '../../../support/drift-accounts.ts';

const PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';

describe('the auction of an order', () => {
  it('never begins or ends beyond the limit, and runs toward it (property)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('buy' as const, 'sell' as const),
        fc.bigInt(1n, 1_000_000_000n),
        fc.option(fc.bigInt(1n, 1_000_000_000n)),
        fc.nat(255),
        (side, limit, oracle, shortest) => {
          const auction = auctionOf(side, price(limit), oracle === null ? null : price(oracle), shortest);
          expect(auction.endPrice).toBe(limit);
          expect(auction.durationSlots).toBeGreaterThanOrEqual(Math.max(10, shortest));
          if (side === 'buy') expect(auction.startPrice <= limit).toBe(true);
          else expect(auction.startPrice >= limit).toBe(true);
        },
      ),
    );
  });
});

describe('the fee of opening an account', () => {
  it('is the SDK’s, however full the exchange is (property)', () => {
    fc.assert(
      fc.property(fc.nat(65_534), fc.nat(5_000_000), fc.nat(100), (room, accounts, most) => {
        const state = blank('State');
        state.maxNumberOfSubAccounts = room + 1;
        state.numberOfSubAccounts = bn(accounts);
        state.maxInitializeUserFee = most;
        expect(openingFee(ours('State', state))).toBe(BigInt(calculateInitUserFee(state).toString()));
      }),
    );
  });
});

describe('what the program refuses', () => {
  const explain = (number: number, logs: readonly string[] = [], programOf: string | null = PROGRAM) =>
    explainFailure({
      report: {
        code: 'SIMULATION_FAILED',
        message: 'The simulation failed.',
        details: { error: { InstructionError: [3, { Custom: number }] } },
      },
      programOf: () => programOf,
      program: DRIFT,
      programId: PROGRAM,
      logs,
    });

  it.each([
    [6003, 'INSUFFICIENT_FUNDS', 'InsufficientCollateral'],
    [6002, 'INSUFFICIENT_FUNDS', 'InsufficientDeposit'],
    [6128, 'INSUFFICIENT_FUNDS', 'DailyWithdrawLimit'],
    [6059, 'BELOW_MINIMUM', 'OrderAmountTooSmall'],
    [6024, 'VENUE_PAUSED', 'ExchangePaused'],
    [6146, 'VENUE_PAUSED', 'MarketActionPaused'],
    [6010, 'NO_POSITION', 'UserHasNoPositionInMarket'],
    [6264, 'UNAVAILABLE', 'OracleStaleForMargin'],
    [6071, 'SIMULATION_FAILED', 'UserOrderIdAlreadyInUse'],
    [6252, 'SIMULATION_FAILED', 'ImpossibleFill'],
  ])('%i is %s, named %s', (number, code, name) => {
    expect(explain(number)).toMatchObject({
      code,
      message: expect.stringContaining(`${name} (${number})`),
      details: { program_error: name, program_error_number: number },
    });
  });

  it('is named by its log where the number is the framework’s', () => {
    const log =
      'Program log: AnchorError occurred. Error Code: AccountNotInitialized. Error Number: 3012. Error Message: The program expected this account to be already initialized.';
    expect(explain(3012, [log])).toMatchObject({
      code: 'SIMULATION_FAILED',
      details: { program_error: 'AccountNotInitialized' },
    });
    expect(explain(101, []).details?.program_error).toBeUndefined();
  });

  it('is not read into another program’s number', () => {
    expect(explain(6003, [], 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA').code).toBe('SIMULATION_FAILED');
    expect(explain(6003, [], null).code).toBe('SIMULATION_FAILED');
  });
});

it('knows the lookup tables that the SDK names', () => {
  expect(DRIFT.lookupTables('mainnet-beta')).toEqual(configs['mainnet-beta'].MARKET_LOOKUP_TABLES);
  expect(DRIFT.lookupTables('devnet')).toEqual(configs.devnet.MARKET_LOOKUP_TABLES);
});

it('is loaded without the SDK, which only instructions need', () => {
  const program = new URL('../../../../src/venues/drift/drift-program.ts', import.meta.url).href;
  const script = `
    const { createRequire } = await import('node:module');
    await import(${JSON.stringify(program)});
    const loaded = Object.keys(createRequire(${JSON.stringify(program)}).cache);
    process.stdout.write(String(loaded.some((path) => path.includes('drift-labs/sdk/lib'))));
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe('false');
}, 60_000);
