import { describe, expect, it } from '@jest/globals';
import { type EngineRow, engineTotals } from '../../dashboard/src/state/engine-totals.ts';
import { pathOf, routeOf } from '../../dashboard/src/state/route.ts';

describe('an address of the page', () => {
  it.each([
    ['/', { kind: 'engine', engineId: null }],
    ['/engines', { kind: 'engines' }],
    ['/engines/', { kind: 'engines' }],
    ['/engines/engine:paper:synthetic:7:0', { kind: 'engine', engineId: 'engine:paper:synthetic:7:0' }],
    ['/engines/%', { kind: 'engines' }],
  ] as const)('%s', (path, route) => {
    expect(routeOf(path)).toEqual(route);
  });

  it('comes back from an id, whatever stands in it', () => {
    for (const id of ['engine:paper:replay:a/b.csv:0', 'engine:drift:5eyk:dRif:7xKX:1']) {
      expect(routeOf(pathOf(id))).toEqual({ kind: 'engine', engineId: id });
    }
  });
});

describe('the totals of engines', () => {
  const row = (change: Partial<EngineRow>): EngineRow =>
    ({ mode: 'live', equity: 100, net_delta: 1, holds: [], unresolved: [], ...change }) as EngineRow;

  it('add up real money and paper apart', () => {
    const rows = [row({}), row({ equity: 50, holds: ['flattened'] }), row({ mode: 'paper', equity: 1_000 })];
    expect(engineTotals(rows)).toEqual([
      { mode: 'live', engines: 2, equity: 150, netDelta: 2, waiting: 1 },
      { mode: 'paper', engines: 1, equity: 1_000, netDelta: 1, waiting: 0 },
    ]);
  });

  it('are unknown where one of them is', () => {
    expect(engineTotals([row({}), row({ equity: null })])[0]).toMatchObject({ equity: null, netDelta: 2 });
    expect(engineTotals([])).toEqual([]);
  });
});
