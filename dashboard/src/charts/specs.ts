/** What each chart shows: its lines, their colours and units, and the limits drawn across them. */
import type { SeriesName } from '../../../src/domain/figures/series-names.ts';
import type { State } from '../../../src/protocol/state.ts';
import { percent, usd } from '../format/number.ts';
import { type CarryFigures, yearly } from '../state/carry.ts';
import { CRITICAL_BELOW, WARNING_BELOW } from '../state/health-band.ts';

/** Colours by their names in the style sheet. */
export type Ink = 'accent' | 'good' | 'bad' | 'warn' | 'info' | 'long' | 'short' | 'ink-2';

export interface LineSpec {
  readonly name: string;
  readonly label: string;
  /** Several are added up. */
  readonly of: readonly SeriesName[];
  readonly ink: Ink;
  readonly pane: 0 | 1;
  readonly kind: 'line' | 'area' | 'steps';
  readonly text: (value: number) => string;
  /** From the journal's unit to the one shown. */
  readonly scale?: (value: number, now: State | null) => number;
  /** Not drawn until a person asks for it. */
  readonly hidden?: true;
  /** The axis shows at least this range. */
  readonly within?: readonly [number, number];
}

export interface LimitSpec {
  /** The line whose axis it stands on. */
  readonly on: string;
  readonly at: number;
  readonly label: string;
  readonly ink: Ink;
}

export interface ChartSpec {
  readonly name: string;
  readonly title: string;
  readonly lines: readonly LineSpec[];
  readonly limits: (now: State | null, carry: CarryFigures | null) => readonly LimitSpec[];
  /** Marks our trades. */
  readonly trades?: true;
}

const money = (value: number): string => usd(value);
/** Below a cent two more places: on an axis all others are the same. */
const change = (value: number): string => usd(value, 'always', value !== 0 && Math.abs(value) < 0.01 ? 4 : 2);
const pct = (value: number): string => percent(value, 2, 'always');
const NO_LIMITS = (): readonly LimitSpec[] => [];

export const CHARTS: readonly ChartSpec[] = [
  {
    name: 'equity',
    title: 'Equity and its sources',
    lines: [
      { name: 'equity', label: 'Equity', of: ['equity'], ink: 'accent', pane: 0, kind: 'area', text: money },
      { name: 'funding', label: 'Funding', of: ['equity_funding'], ink: 'good', pane: 1, kind: 'line', text: change },
      {
        name: 'interest',
        label: 'Interest',
        of: ['equity_interest'],
        ink: 'info',
        pane: 1,
        kind: 'line',
        text: change,
      },
      {
        ...{ name: 'costs', label: 'Costs', ink: 'bad', pane: 1, kind: 'line', text: change },
        of: ['equity_fees', 'equity_slippage', 'equity_gas', 'equity_basis'],
      },
      {
        ...{ name: 'price', label: 'Price', ink: 'short', pane: 1, kind: 'line', text: change, hidden: true },
        of: ['equity_price'],
      },
    ],
    limits: NO_LIMITS,
  },
  {
    name: 'price',
    title: 'SOL price and our trades',
    lines: [{ name: 'price', label: 'Oracle price', of: ['price'], ink: 'info', pane: 0, kind: 'line', text: money }],
    limits: NO_LIMITS,
    trades: true,
  },
  {
    name: 'funding',
    title: 'Funding rate and what was received',
    lines: [
      {
        ...{ name: 'rate', label: 'Rate, APR', of: ['funding_rate'], ink: 'good', pane: 0, kind: 'steps', text: pct },
        scale: (rate, now) => yearly(rate, now?.market?.funding.period_ms) ?? Number.NaN,
      },
      { name: 'received', label: 'Received', of: ['equity_funding'], ink: 'good', pane: 1, kind: 'area', text: change },
    ],
    limits: (_, carry) =>
      carry?.apr_costs == null
        ? []
        : [
            {
              ...{ on: 'rate', label: 'Needed to enter', ink: 'ink-2' },
              at: carry.apr_costs + (carry.z ?? 0) * (carry.apr_error ?? 0),
            },
          ],
  },
  {
    name: 'health',
    title: 'Health and hedge deviation',
    lines: [
      {
        ...{ name: 'health', label: 'Health', of: ['health'], ink: 'good', pane: 0, kind: 'line', within: [0, 100] },
        text: (value) => value.toFixed(1),
      },
      {
        ...{ name: 'deviation', label: 'Deviation', of: ['hedge_deviation'], ink: 'long', pane: 1, kind: 'line' },
        ...{ text: pct, within: [-1.5, 1.5] },
      },
    ],
    limits: (now) => {
      const tolerance = now?.policy.drift_tolerance_pct ?? null;
      return [
        { on: 'health', at: WARNING_BELOW, label: 'Low', ink: 'warn' },
        { on: 'health', at: CRITICAL_BELOW, label: 'Critical', ink: 'bad' },
        ...(tolerance === null
          ? []
          : [
              { on: 'deviation', at: tolerance, label: 'Limit', ink: 'warn' } as const,
              { on: 'deviation', at: -tolerance, label: 'Limit', ink: 'warn' } as const,
            ]),
      ];
    },
  },
];

export const SERIES_SHOWN: readonly SeriesName[] = [
  ...new Set(CHARTS.flatMap(({ lines }) => lines.flatMap(({ of }) => of))),
];
