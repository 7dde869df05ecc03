import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_WAIT_MS, LONGEST_WAIT_MS, reconnectWaitMs } from '../../dashboard/src/socket/backoff.ts';
import type { Stats } from '../../dashboard/src/socket/messages.ts';
import { readMessage } from '../../dashboard/src/socket/read-message.ts';
import { cooldownWords, liquidationPrice, perpOf } from '../../dashboard/src/state/exposure-figures.ts';
import { healthBand } from '../../dashboard/src/state/health-band.ts';
import { sumOf } from '../../dashboard/src/state/source-sum.ts';

const stats = (data: object): Stats => {
  const message = readMessage(JSON.stringify({ type: 'SYSTEM_STATS', data }));
  if (message?.type !== 'stats') throw new Error('not read as figures');
  return message.stats;
};

describe('a message', () => {
  it('of any shape is read without an error', () => {
    const types = [
      'SYSTEM_STATS',
      'COMMAND_RESULT',
      'ALERT',
      'TRANSACTION_UPDATE',
      'FUNDING_UPDATE',
      'ERROR',
      'ENGINE_STATUS',
    ];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue(), fc.jsonValue(), (type, data, error) => {
        expect(readMessage(JSON.stringify({ type, data, error }))).not.toBeNull();
      }),
    );
    expect(readMessage('not json')).toBeNull();
    expect(readMessage('[1]')).toBeNull();
  });

  it('without a figure leaves it unknown', () => {
    const bare = stats({});
    expect(bare.drift.health).toBeNull();
    expect(bare.drift.positions).toBeNull();
    expect(bare.engine.mode).toBeNull();
    expect(bare.engine.holds).toBeNull();
    expect(bare.ageMs).toBeNull();
    expect(perpOf(bare)).toBeNull();
    expect(liquidationPrice(bare)).toBeUndefined();
    expect(healthBand(bare.drift.health)).toBe('unknown');
    expect(cooldownWords(bare, 0)).toBe('unknown');
  });

  it('with a figure of another type leaves it unknown', () => {
    const odd = stats({ drift_state: { health: '85', leverage: {}, positions: 'none' }, age_ms: 'now' });
    expect(odd.drift.health).toBeNull();
    expect(odd.drift.leverage).toBeNull();
    expect(odd.drift.positions).toBeNull();
    expect(odd.ageMs).toBeNull();
  });

  it('of the feed says that prices are made up even where the flag is missing', () => {
    expect(stats({ engine: { feed: 'synthetic:7' } }).market.synthetic).toBe(true);
    expect(stats({ engine: { feed: 'replay:a.csv' } }).market.synthetic).toBe(false);
    expect(stats({}).market.synthetic).toBeNull();
  });

  it('with an address that is no web address gives no link', () => {
    const at = (url: string) => stats({ links: { temporal_url: url } }).temporalUrl;
    expect(at('http://127.0.0.1:8233/x')).toBe('http://127.0.0.1:8233/x');
    expect(at('javascript:alert(1)')).toBeNull();
  });

  it('that refuses brings code, remedy and gates', () => {
    const message = readMessage(
      JSON.stringify({
        type: 'COMMAND_RESULT',
        action: 'DRIFT_OPEN_POSITION',
        command_id: 'c1',
        success: false,
        message: 'Blocked.',
        data: { status: 'rejected' },
        error: {
          code: 'GATE_BLOCKED',
          message: 'Blocked.',
          details: {
            gates: [{ code: 'LEVERAGE', pass: false, have: 11.4, need: 10, unit: 'x', remedy: 'Open less.' }],
          },
        },
      }),
    );
    expect(message).toMatchObject({
      type: 'result',
      result: {
        commandId: 'c1',
        status: 'rejected',
        error: {
          code: 'GATE_BLOCKED',
          gates: [{ code: 'LEVERAGE', have: '11.4 x', need: '10 x', remedy: 'Open less.' }],
        },
      },
    });
  });
});

describe('the figures of the exposure', () => {
  it('count the cooldown down between two messages', () => {
    const running = stats({ engine: { state: 'running', cooldown_remaining_ms: 90_000 } });
    expect(cooldownWords(running, 0)).toBe('1:30');
    expect(cooldownWords(running, 30_000)).toBe('1:00');
    expect(cooldownWords(running, 95_000)).toBe('None');
  });

  it('reckon a cooldown in market time where only its deadline is told', () => {
    const fast = stats({
      engine: { state: 'running', cooldown_until: '2026-01-01T01:00:00Z' },
      market: { market_time: '2026-01-01T00:00:00Z', speed: 60 },
    });
    expect(cooldownWords(fast, 0)).toBe('1:00');
  });

  it('tell no liquidation price from an unknown one', () => {
    const position = { market: 'SOL-PERP', amount: -1, liq_price: null };
    const of = (kind: string) =>
      liquidationPrice(stats({ drift_state: { positions: [position] }, account: { liq_kind: kind, liq_price: null } }));
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
    const sources = {
      price: '1',
      basis: '-2',
      slippage: '-3',
      funding: '90071992547409930001',
      interest: '0',
      fees: '-5',
      gas: '0',
      transfers: '7',
      external: '0',
      unexplained: '0',
    };
    expect(sumOf(stats({ account: { sources_base: sources } }).account.sourcesBase)).toBe(90_071_992_547_409_929_999n);
    const { fees: _, ...incomplete } = sources;
    expect(sumOf(stats({ account: { sources_base: incomplete } }).account.sourcesBase)).toBeNull();
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
