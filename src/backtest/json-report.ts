/** A report as JSON, in pieces: the rows of a year weigh more than all the rest, so no text ever holds them all. */
import { linesOf, ROW_KINDS, rowFile } from './row-files.ts';
import type { RunReport } from './run-report.ts';

const REPORT_FORMAT = 'driftless-backtest/1';

/** A run, and the folder of its rows; null: their lists are left out. */
export interface RunWithRows {
  readonly report: RunReport;
  readonly rows: string | null;
}

/** One run is the object itself; several are a list, each with its policy and market. */
export function* reportJson(
  runs: readonly RunWithRows[],
  extra: Readonly<Record<string, unknown>> = {},
): Generator<string> {
  const [only] = runs;
  if (runs.length === 1 && only !== undefined) {
    yield '{';
    yield* runFields(only);
    yield '}\n';
    return;
  }
  const beside = Object.entries(extra).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)},`);
  yield `{"format":"${REPORT_FORMAT}",${beside.join('')}"runs":[\n`;
  for (const [index, run] of runs.entries()) {
    const { policy, market } = run.report;
    yield `${index === 0 ? '' : ',\n'}{"policy":${JSON.stringify(policy)},"market":${JSON.stringify(market)},`;
    yield* runFields(run);
    yield '}';
  }
  yield '\n]}\n';
}

function* runFields({ report, rows }: RunWithRows): Generator<string> {
  const { parameters, summary, walkForward } = report;
  yield `"parameters":${JSON.stringify(parameters)},\n"rows":${report.rows},\n`;
  for (const kind of rows === null ? [] : ROW_KINDS) {
    yield `"${kind}":`;
    yield* list(rowFile(rows as string, kind));
    yield ',\n';
  }
  yield `"summary":${JSON.stringify(summary)}`;
  if (walkForward !== null) yield `,\n"walk_forward":${JSON.stringify(walkForward)}`;
}

function* list(path: string): Generator<string> {
  let empty = true;
  for (const lines of linesOf(path)) {
    yield (empty ? '[\n' : ',\n') + lines.slice(0, -1).replaceAll('\n', ',\n');
    empty = false;
  }
  yield empty ? '[]' : '\n]';
}
