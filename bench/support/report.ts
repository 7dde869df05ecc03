/** The results of a benchmark, as lines and as the closing table. */
export interface Finding {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** Measured in turn with the figure, in the same run. */
  readonly yardstick: { readonly what: string; readonly figure: number };
  readonly goal: Goal | null;
}

/** `ratio`: the limit of figure / yardstick; `figure`: the limit of the figure itself. */
export interface Goal {
  readonly of: 'ratio' | 'figure';
  readonly atMost: number;
  /** The figure must be below it, not equal. */
  readonly strictly?: boolean;
}

export const say = (line: string): void => void process.stdout.write(`${line}\n`);

export const ratioOf = ({ figure, yardstick }: Finding): number => figure / yardstick.figure;

export function isMet(finding: Finding): boolean | null {
  const { goal, figure } = finding;
  if (goal === null) return null;
  const value = goal.of === 'ratio' ? ratioOf(finding) : figure;
  return goal.strictly === true ? value < goal.atMost : value <= goal.atMost;
}

function goalText({ goal, unit }: Finding): string {
  if (goal === null) return 'none set';
  const sign = goal.strictly === true ? '<' : '<=';
  return goal.of === 'ratio' ? `ratio ${sign} ${goal.atMost}` : `${sign} ${goal.atMost} ${unit}`;
}

const metText = (met: boolean | null): string => (met === null ? '-' : met ? 'met' : 'NOT MET');

/** Three digits are more than a busy machine can measure. */
const short = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

export function table(findings: readonly Finding[]): string {
  const rows = [
    ['what', 'figure', 'yardstick', '', 'ratio', 'goal', ''],
    ...findings.map((finding) => [
      finding.what,
      `${short(finding.figure)} ${finding.unit}`,
      `${short(finding.yardstick.figure)} ${finding.unit}`,
      finding.yardstick.what,
      short(ratioOf(finding)),
      goalText(finding),
      metText(isMet(finding)),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
