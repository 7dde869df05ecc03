/** Charts as SVG text, for a report in one file. */
import { monthOf } from './time-text.ts';

export interface ChartLine {
  readonly name: string;
  readonly color: string;
  /** One value for each hour. */
  readonly values: ArrayLike<number>;
}

interface Frame {
  readonly width: number;
  readonly height: number;
}

const FRAME: Frame = { width: 960, height: 260 };
const LEFT = 56;
const BOTTOM = 22;
/** More points than pixels show nothing more. */
const MAX_POINTS = 900;

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Lines over the same hours. `unit` stands after each mark of the axis. */
export function lineChart(
  lines: readonly ChartLine[],
  timesMs: ArrayLike<number>,
  unit: string,
  frame = FRAME,
): string {
  const count = timesMs.length;
  if (count === 0) return '';
  let low = 0;
  let high = 0;
  for (const { values } of lines) {
    for (let index = 0; index < count; index += 1) {
      low = Math.min(low, values[index] as number);
      high = Math.max(high, values[index] as number);
    }
  }
  if (high === low) high = low + 1;
  const x = (index: number): number => LEFT + ((frame.width - LEFT) * index) / Math.max(1, count - 1);
  const y = (value: number): number => (frame.height - BOTTOM) * (1 - (value - low) / (high - low)) + 4;
  const marks = marksBetween(low, high).map(
    (mark) =>
      `<line x1="${LEFT}" x2="${frame.width}" y1="${y(mark).toFixed(1)}" y2="${y(mark).toFixed(1)}" class="${mark === 0 ? 'zero' : 'grid'}"/>` +
      `<text x="${LEFT - 6}" y="${(y(mark) + 4).toFixed(1)}" text-anchor="end">${shortNumber(mark)}${unit}</text>`,
  );
  const point = (index: number, values: ArrayLike<number>): string =>
    `${x(index).toFixed(1)},${y(values[index] as number).toFixed(1)}`;
  const paths = lines.map(({ color, values }) => {
    const step = Math.max(1, Math.ceil(count / MAX_POINTS));
    const points: string[] = [];
    for (let index = 0; index < count; index += step) points.push(point(index, values));
    if ((count - 1) % step !== 0) points.push(point(count - 1, values));
    return `<polyline fill="none" stroke="${color}" stroke-width="1.6" points="${points.join(' ')}"/>`;
  });
  return svg(frame, [...marks, ...months(timesMs, x, frame), ...paths].join(''));
}

/** One bar for each name, up or down from zero. */
export function barChart(bars: readonly { readonly name: string; readonly value: number }[], unit: string): string {
  if (bars.length === 0) return '';
  const frame = { width: FRAME.width, height: 200 };
  const low = Math.min(0, ...bars.map(({ value }) => value));
  const high = Math.max(0, ...bars.map(({ value }) => value), low + 1e-9);
  const y = (value: number): number => (frame.height - BOTTOM - 16) * (1 - (value - low) / (high - low)) + 14;
  const width = (frame.width - LEFT) / bars.length;
  const drawn = bars.map(({ name, value }, index) => {
    const left = LEFT + index * width;
    const top = Math.min(y(value), y(0));
    const middle = (left + width / 2).toFixed(1);
    return (
      `<rect x="${(left + width * 0.15).toFixed(1)}" y="${top.toFixed(1)}" width="${(width * 0.7).toFixed(1)}" height="${Math.abs(y(value) - y(0)).toFixed(1)}" class="${value < 0 ? 'loss' : 'gain'}"/>` +
      `<text x="${middle}" y="${(top - 3).toFixed(1)}" text-anchor="middle">${shortNumber(value)}${unit}</text>` +
      `<text x="${middle}" y="${frame.height - 4}" text-anchor="middle">${escapeHtml(name)}</text>`
    );
  });
  return svg(frame, drawn.join(''));
}

const svg = ({ width, height }: Frame, inner: string): string =>
  `<svg viewBox="0 0 ${width} ${height}" role="img" preserveAspectRatio="none">${inner}</svg>`;

/** Round steps, four or five of them, zero always among those in range. */
function marksBetween(low: number, high: number): readonly number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const marks: number[] = [];
  for (let times = Math.ceil(low / step); times * step <= high; times += 1) marks.push(times * step);
  return marks;
}

const shortNumber = (value: number): string => {
  const digits = Math.abs(value) < 1 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const text = value.toFixed(digits).replace(/\.0+$/, '');
  return Number(text) === 0 ? '0' : text;
};

function months(timesMs: ArrayLike<number>, x: (index: number) => number, frame: Frame): readonly string[] {
  const marks: string[] = [];
  let before = '';
  for (let index = 0; index < timesMs.length; index += 1) {
    const month = monthOf(timesMs[index] as number);
    if (month !== before && before !== '') {
      marks.push(`<text x="${x(index).toFixed(1)}" y="${frame.height - 4}">${month}</text>`);
    }
    before = month;
  }
  // A label for every month of many years would be a smear.
  const every = Math.ceil(marks.length / 12);
  return marks.filter((_, index) => index % every === 0);
}
