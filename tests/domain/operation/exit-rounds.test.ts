/** A close goes on until it is flat, or a person is told with true figures: rounds, failed reads, the settle at its end. */
import { describe, expect, it } from '@jest/globals';
import { MAX_MISSES, MAX_REPLACEMENTS } from '../../../src/domain/operation/operation.ts';
import { absent, gone, landed, OperationDriver } from '../../support/operation-driver.ts';

const CLOSE = { kind: 'close', market: 'SOL-PERP' } as const;
const FLATTEN = { kind: 'flatten', market: 'SOL-PERP' } as const;
const SHORT = '-10000000000';
const ALL = '10000000000';

describe('a close that cannot read the account', () => {
  it.each(['DRIFT_MARKET_MISSING', 'CLOCK_MISSING', 'DRIFT_READ_UNSETTLED', 'UNAVAILABLE', 'RPC_TIMEOUT'])(
    'asks again after %s, for as long as it lasts, and then closes',
    (code) => {
      const close = new OperationDriver(CLOSE);
      for (let read = 0; read < 40; read += 1) {
        close.unread(code);
        expect(close.waitsFor).toBe('wait');
        close.wake();
        expect(close.waitsFor).toBe('simulate');
      }
      expect(close.state.legs).toHaveLength(1);
      expect(close.state.replacements).toBe(0);
      close.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone(ALL));
      expect(close.state.flat).toBe(true);
      expect(close.raised('CLOSE_INCOMPLETE')).toEqual([]);
    },
  );

  it('stands down for another exit while it waits, and says what it does not know', () => {
    const close = new OperationDriver(CLOSE).unread('UNAVAILABLE');
    close.push({ kind: 'stand_down', reason: 'FLATTEN comes first' });
    expect(close.state.course).toBe('ended');
    expect(close.report?.phase).toBe('ended');
    expect(close.state.answer?.data).toMatchObject({ requested_size: null, requested_size_base: null, filled_size: 0 });
  });
});

describe('the rounds of a close', () => {
  it('count when a placement landed, and the alert has true figures', () => {
    const close = new OperationDriver(CLOSE);
    for (let round = 0; round <= MAX_REPLACEMENTS; round += 1) {
      expect(close.waitsFor).toBe('simulate');
      close.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone('0'));
    }
    expect(close.raised('CLOSE_INCOMPLETE')).toEqual([{ remaining: '10', placements: MAX_REPLACEMENTS + 1 }]);
  });

  it('of which nothing lands are counted apart: it gives up after so many in a row, and says that nothing landed', () => {
    const flatten = new OperationDriver(FLATTEN);
    for (let miss = 0; miss <= MAX_MISSES; miss += 1) {
      flatten.refused('SIMULATION_FAILED', SHORT);
      if (miss < MAX_MISSES) flatten.wake();
    }
    expect(flatten.state.replacements).toBe(0);
    expect(flatten.raised('CLOSE_INCOMPLETE')).toEqual([{ remaining: '10', placements: 0 }]);
    expect(flatten.state.answer?.data).toMatchObject({ requested_size: 10, filled_size: 0 });
  });

  it('begin to count misses anew once one landed', () => {
    const close = new OperationDriver(CLOSE);
    for (let miss = 0; miss < MAX_MISSES; miss += 1) close.refused('SIMULATION_FAILED', SHORT).wake();
    close.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone('4000000000'));
    close.refused('SIMULATION_FAILED', '-6000000000').wake();
    expect(close.waitsFor).toBe('simulate');
    expect(close.state.misses).toBe(1);
  });

  it('go on after an attempt that expired', () => {
    const close = new OperationDriver(CLOSE);
    for (let attempt = 0; attempt < 3; attempt += 1) close.place(ALL, SHORT).sighted(absent);
    expect(close.waitsFor).toBe('simulate');
    expect(close.state.replacements).toBe(0);
    close.place(ALL, SHORT).sighted(landed()).sighted(landed(), gone(ALL));
    expect(close.state.flat).toBe(true);
  });

  it('end at once where the venue refuses for good, with what is left', () => {
    const close = new OperationDriver(CLOSE).refused('VENUE_PAUSED', SHORT);
    expect(close.state.course).toBe('ended');
    expect(close.raised('CLOSE_INCOMPLETE')).toEqual([{ remaining: '10', placements: 0 }]);
  });
});

it('a flatten settles however long its rounds took', () => {
  const flatten = new OperationDriver(FLATTEN).place(ALL, SHORT);
  flatten.sighted(landed()).sighted(landed(), gone(ALL), 600_000);
  expect(flatten.main).toMatchObject({ leg: { purpose: 'settle' }, main: { kind: 'simulate' } });
  flatten.result({
    kind: 'prepared',
    prepared: { ok: true, intent: { kind: 'settle', market: 'SOL-PERP' }, reducing: false },
    position: '0',
    nothing: null,
  });
  expect(flatten.waitsFor).toBe('sign');
  expect(flatten.raised('SETTLE_INCOMPLETE')).toEqual([]);
});

describe('an order that does not leave', () => {
  it('is cancelled as long as it stands, and a person is told once', () => {
    const open = new OperationDriver({ kind: 'open', market: 'SOL-PERP', size: SHORT }).place(SHORT, '0');
    const standing = { ...gone('0', 'confirmed'), gone: false };
    open.sighted(landed());
    open.push({ kind: 'stand_down', reason: 'FLATTEN comes first' });
    for (let cancel = 0; cancel < 20; cancel += 1) {
      expect(open.main).toMatchObject({ leg: { purpose: 'cancel' }, main: { kind: 'simulate' } });
      open.unread('UNAVAILABLE');
      expect(open.waitsFor).toBe('follow');
      open.sighted(landed(), standing, 30_000);
    }
    expect(open.raised('ORDER_NOT_CANCELLED')).toHaveLength(1);
    expect(open.state.legs.length).toBeLessThanOrEqual(2);
    open.unread('UNAVAILABLE').sighted(landed(), gone('0'), 30_000);
    expect(open.state.phase).not.toBe('running');
  });
});
