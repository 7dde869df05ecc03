/** What a sweep came to by its parameters: one map for each family of policies of which two parameters vary. */

import type { RunReport } from './run-report.ts';
import type { Grid } from './sensitivity.ts';

export interface HeatMap extends Grid {
  readonly family: string;
  readonly rowName: string;
  readonly columnName: string;
  /** Further parameters that vary: a cell is the middle of what they give. */
  readonly others: readonly string[];
}

interface Point {
  readonly values: ReadonlyMap<string, number>;
  readonly corePct: number;
}

/** Of runs on one market. */
export function heatMaps(runs: readonly RunReport[]): readonly HeatMap[] {
  const families = new Map<string, Point[]>();
  for (const { policy, summary } of runs) {
    const [family = '', rest = ''] = policy.split(':', 2);
    const values = parametersIn(rest);
    const points = families.get(family) ?? [];
    points.push({ values, corePct: summary.core_apr_pct });
    families.set(family, points);
  }
  return [...families].flatMap(([family, points]) => mapOf(family, points) ?? []);
}

/** Only what is written with its name and is a number. */
function parametersIn(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const word of text.split(',')) {
    const [name = '', value = ''] = word.split('=');
    if (value !== '' && Number.isFinite(Number(value))) values.set(name, Number(value));
  }
  return values;
}

function mapOf(family: string, points: readonly Point[]): HeatMap | null {
  const choices = new Map<string, Set<number>>();
  for (const { values } of points) {
    for (const [name, value] of values) choices.set(name, (choices.get(name) ?? new Set()).add(value));
  }
  const varied = [...choices].filter(([, values]) => values.size > 1);
  const [row, column, ...others] = varied;
  if (row === undefined || column === undefined) return null;
  const ascending = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);
  const rows = ascending(row[1]);
  const columns = ascending(column[1]);
  return {
    family,
    rowName: row[0],
    columnName: column[0],
    others: others.map(([name]) => name),
    rows,
    columns,
    cells: rows.map((down) =>
      columns.map((across) =>
        middle(
          points
            .filter(({ values }) => values.get(row[0]) === down && values.get(column[0]) === across)
            .map(({ corePct }) => corePct),
        ),
      ),
    ),
  };
}

/** Not a number where nothing was run. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  if (sorted.length === 0) return Number.NaN;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}
