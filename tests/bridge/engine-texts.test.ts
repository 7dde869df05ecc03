/** The list of engines as a message: whoever needs a person first, and short however many there are. */
import { describe, expect, it } from '@jest/globals';
import { enginesText } from '../../src/bridge/telegram/status-texts.ts';
import { byUrgency } from '../../src/bridge/urgency.ts';
import { EngineNames } from '../../src/domain/engine/engine-names.ts';
import type * as z from '../../src/lib/codec.ts';
import type { EngineInfo } from '../../src/protocol/history.ts';

type EngineJson = z.input<typeof EngineInfo>;

const engine = (engineId: string, change: Partial<EngineJson> = {}): EngineJson => ({
  ...{ engine_id: engineId, name: null, served: true, current: false, mode: 'paper', venue: 'paper', authority: null },
  ...{ sub_account: 0, feed: 'synthetic', state: 'running', trading_state: 'active', reason: '', hedge_target: 1 },
  ...{ holds: [], unresolved: [], as_of: null, equity: 10, equity_base: '10000000', health: 90 },
  ...{ perp_sol: -1, perp_sol_base: '-1000000000', net_delta: 0, updated_at: '2026-01-15T12:00:00.000Z' },
  ...change,
});

describe('which engine a person should look at first', () => {
  it('in this order', () => {
    const inOrder = [
      engine('unresolved', { unresolved: ['op'] }),
      engine('held', { holds: ['DELTA_EXPOSED'], health: 1 }),
      engine('stopped', { state: 'stopped', health: null }),
      engine('reducing', { trading_state: 'reducing' }),
      engine('health unknown', { health: null }),
      engine('low health', { health: 20 }),
      engine('well'),
    ];
    const sorted = inOrder.toReversed().toSorted(byUrgency);
    expect(sorted.map(({ engine_id }) => engine_id)).toEqual(inOrder.map(({ engine_id }) => engine_id));
    expect([engine('well'), null].toSorted(byUrgency)[0]).toBeNull();
  });
});

describe('the list', () => {
  it('of a few has a total for each mode and a line for each engine', () => {
    const names = new EngineNames('a', [
      { engineId: 'b', name: 'bold' },
      { engineId: 'c', name: 'calm' },
    ]);
    const items = [
      engine('a'),
      engine('b', { holds: ['COOLDOWN'], equity: null, equity_base: null }),
      engine('foreign'),
    ];
    expect(enginesText(names, items).split('\n')).toEqual([
      '3 engines',
      'paper: 2, equity $10.00 and 1 unknown, 1 waits for a person',
      '- bold: running, active; unknown, health 90, perp -1.0000 SOL; COOLDOWN',
      '- calm: not known yet',
      '- own: running, active; $10.00, health 90, perp -1.0000 SOL',
      'One of them: /status <engine>',
    ]);
  });

  it('of a thousand fits into one message, and says how many more there are', () => {
    const others = Array.from({ length: 999 }, (_, index) => ({
      engineId: `e${index}`,
      name: `${index}`.padEnd(64, 'n'),
    }));
    const items = others.map(({ engineId }) => engine(engineId, { holds: Array(40).fill('A_LONG_NAME_OF_A_HOLD') }));
    const text = enginesText(new EngineNames('a', others), items);
    expect(text).toMatch(/\nand 980 more\n/);
    expect(text.length).toBeLessThan(4_096);
  });
});
