import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, reconnectWaitMs } from '../../dashboard/src/socket/backoff.ts';
import { cooldownWords, liquidationPrice } from '../../dashboard/src/state/exposure-figures.ts';
import { feedOf } from '../../dashboard/src/state/feed.ts';
import { healthBand } from '../../dashboard/src/state/health-band.ts';
import { sumOf } from '../../dashboard/src/state/source-sum.ts';
import { MESSAGE_EXAMPLES, STATE_EXAMPLE } from '../../src/protocol/examples.ts';
import { readMessage } from '../../src/protocol/messages.ts';
import type { State } from '../../src/protocol/state.ts';

/** The example with other fields, as the page reads it. */
const stats = (change: object): State => {
  const message = readMessage(JSON.stringify({ type: 'SYSTEM_STATS', data: { ...STATE_EXAMPLE, ...change } }));
  if (message?.type !== 'SYSTEM_STATS') throw new Error('not read as figures');
  return message.data;
};
const engine = (change: object) => ({ engine: { ...STATE_EXAMPLE.engine, ...change } });
const account = (change: object) => ({ account: { ...STATE_EXAMPLE.account, ...change } });

describe('a message', () => {
  it('of any shape is read without an error', () => {
    const types = Object.keys(MESSAGE_EXAMPLES);
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue(), fc.jsonValue(), (type, data, error) => {
        expect(readMessage(JSON.stringify({ type, data, error }))).not.toBeUndefined();
      }),
    );
    for (const text of ['not json', '[1]', 'null', '{}', '{"type":"toString"}', '{"type":"SOMETHING_NEW"}']) {
      expect(readMessage(text)).toBeNull();
    }
  });

  it('without a figure, or with one of another type, leaves it unknown', () => {
    const odd = stats({
      drift_state: { health: '85', leverage: {}, positions: 'none' },
      age_ms: 'now',
      market: undefined,
      ...engine({ holds: undefined, unresolved: null, state: 'new state' }),
    });
    expect(odd.drift_state).toEqual({
      health: null,
      leverage: null,
      total_collateral: null,
      free_collateral: null,
      maintenance_margin: null,
      positions: null,
      net_delta: null,
      drift_pct: null,
    });
    expect(odd.engine).toMatchObject({ holds: null, unresolved: null, state: null });
    expect(odd).toMatchObject({ market: null, age_ms: null });
    expect(healthBand(odd.drift_state.health)).toBe('unknown');
    expect(cooldownWords(odd, 0)).toBe('unknown');
    const bare = stats({ account: null });
    expect(liquidationPrice(bare)).toBeUndefined();
  });

  it('with a position that cannot be read leaves all of them unknown, never fewer', () => {
    const [position] = STATE_EXAMPLE.drift_state.positions ?? [];
    const of = (positions: unknown) =>
      stats({ drift_state: { ...STATE_EXAMPLE.drift_state, positions } }).drift_state.positions;
    expect(of([position, position])).toHaveLength(2);
    expect(of([position, { ...position, amount: '1' }])).toBeNull();
  });

  it('with fields that the page does not know is read all the same', () => {
    expect(stats({ new_field: 1, ...engine({ another: {} }) }).engine.state).toBe('running');
  });

  it('of the feed says that prices are made up even before a snapshot has been read', () => {
    const feed = (id: string | null) => feedOf(stats({ market: null, ...engine({ feed: id }) })).synthetic;
    expect(feed('synthetic:7')).toBe(true);
    expect(feed('replay:a.csv')).toBe(false);
    expect(feed(null)).toBeNull();
    expect(feedOf(stats({})).synthetic).toBe(true);
    expect(feedOf(null)).toEqual({ id: null, synthetic: null });
  });

  it('with an address that is no web address gives no link', () => {
    const at = (url: string) => stats({ links: { temporal_url: url } }).links.temporal_url;
    expect(at('http://127.0.0.1:8233/x')).toBe('http://127.0.0.1:8233/x');
    expect(at('javascript:alert(1)')).toBeNull();
  });

  it('that refuses brings code, remedy and gates', () => {
    const gate = { code: 'LEVERAGE', pass: false, blocks: true, have: 11.4, need: 10, unit: 'x', remedy: 'Open less.' };
    const error = {
      code: 'GATE_BLOCKED',
      message: 'Blocked.',
      details: { gates: [gate], remedy: 'Open less.', more: 1 },
    };
    const { data } = MESSAGE_EXAMPLES.COMMAND_RESULT;
    const message = readMessage(
      JSON.stringify({
        ...MESSAGE_EXAMPLES.COMMAND_RESULT,
        success: false,
        data: { ...data, status: 'rejected' },
        error,
      }),
    );
    expect(message).toMatchObject({
      type: 'COMMAND_RESULT',
      data: { status: 'rejected', average_price_base: 150_120_000n },
      error: { code: 'GATE_BLOCKED', details: { remedy: 'Open less.', gates: [gate] } },
    });
  });
});

describe('the figures of the exposure', () => {
  it('count the cooldown down between two messages', () => {
    const running = stats(engine({ cooldown_remaining_ms: 90_000 }));
    expect(cooldownWords(running, 0)).toBe('1:30');
    expect(cooldownWords(running, 30_000)).toBe('1:00');
    expect(cooldownWords(running, 95_000)).toBe('None');
    expect(cooldownWords(stats({}), 0)).toBe('None');
  });

  it('tell no liquidation price from an unknown one', () => {
    const of = (kind: string) => liquidationPrice(stats(account({ liq_kind: kind, liq_price: null })));
    expect(of('none')).toBeNull();
    expect(of('unknown')).toBeUndefined();
  });

  it('put health below 20 and below 50 in their bands', () => {
    expect([19.9, 20, 49.9, 50, 100, 0].map(healthBand)).toEqual([
      'critical',
      'warning',
      'warning',
      'good',
      'good',
      'critical',
    ]);
  });
});

describe('the sources of PnL', () => {
  it('add up exactly, and not at all when one is unknown', () => {
    const sources = { ...STATE_EXAMPLE.account?.sources_base, funding: '90071992547409930001', fees: '-5' };
    const sum = (given: object) => sumOf(stats(account({ sources_base: given })).account?.sources_base ?? null);
    expect(sum(sources)).toBe(90_071_992_547_409_930_001n - 5n - 600_000n - 200_000n);
    const { fees: _, ...incomplete } = sources;
    expect(sum(incomplete)).toBeNull();
    expect(sumOf(null)).toBeNull();
  });
});

describe('the wait before reconnecting', () => {
  it('doubles up to its bound, with at most a fifth taken off', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, chance) => {
          const full = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
          const wait = reconnectWaitMs(failures, chance);
          expect(wait).toBeLessThanOrEqual(full);
          expect(wait).toBeGreaterThanOrEqual(Math.floor(full * 0.8));
        },
      ),
    );
  });
});
