/** Sums over several engines. Paper and real money are never added up. */
import type * as z from '../../../src/lib/codec.ts';
import type { Engines } from '../../../src/protocol/api.ts';

export type EngineRow = z.output<typeof Engines>['items'][number];

export interface EngineTotals {
  readonly mode: EngineRow['mode'];
  readonly engines: number;
  /** Null: of one of them it is unknown. */
  readonly equity: number | null;
  readonly netDelta: number | null;
  /** How many ask for something: a restriction, or a transaction without an outcome. */
  readonly waiting: number;
}

const sum = (values: readonly (number | null)[]): number | null =>
  values.reduce((total, value) => (total === null || value === null ? null : total + value), 0 as number | null);

/** One for each mode that has an engine; real money first. */
export const engineTotals = (rows: readonly EngineRow[]): readonly EngineTotals[] =>
  (['live', 'paper'] as const).flatMap((mode) => {
    const of = rows.filter((row) => row.mode === mode);
    if (of.length === 0) return [];
    return [
      {
        mode,
        engines: of.length,
        equity: sum(of.map((row) => row.equity)),
        netDelta: sum(of.map((row) => row.net_delta)),
        waiting: of.filter((row) => row.holds.length + row.unresolved.length > 0).length,
      },
    ];
  });
