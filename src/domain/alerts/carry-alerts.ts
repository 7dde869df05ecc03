/** Alerts about the carry policy: its trades, its end, and an exit that is due. */
import { percentText, shownSol, shownUsd } from '../money/display.ts';
import { condition, event } from './alert-row.ts';

type ExitDetails = {
  /** The policy may enter by itself and not leave: nobody else will. */
  readonly unattended: boolean;
  readonly sentence: string;
  /** Per cent a year; null: unknown. */
  readonly apr_mean: number | null;
  readonly apr_net: number | null;
  readonly per_day: string;
  readonly round_trip: string;
  readonly window_hours: number;
  /** What the page offers as the way out. */
  readonly command: string;
};

type CarryTradeDetails = {
  readonly sentence: string;
  readonly size: string;
  readonly apr_mean: number | null;
  readonly apr_lower: number | null;
  readonly round_trip_pct: number | null;
  readonly period_ts_ms: number;
  readonly policy_hash: string;
};

const lower = ({ apr_lower }: CarryTradeDetails): string =>
  apr_lower === null ? '' : ` The lower bound of the funding is ${percentText(apr_lower)} a year.`;

export const CARRY_ALERTS = {
  CARRY_EXIT_DUE: condition<ExitDetails>({
    severity: ({ unattended }) => (unattended ? 'critical' : 'warning'),
    title: 'The hedge no longer pays',
    happened: ({ sentence, per_day, round_trip, window_hours }) =>
      `${sentence} At the mean of the last ${window_hours} hours that is ${shownUsd(per_day)} a day. Closing now and entering again later costs ${shownUsd(round_trip)}.`,
    action: ({ unattended }) =>
      unattended
        ? 'Close the position: the automatic exit of the carry policy is off, so it stays open until you do.'
        : 'Close the position, or keep it if you expect the funding to turn.',
    needsPerson: true,
    over: 'The hedge pays again, or the position is closed.',
  }),
  CARRY_ENTERED: event<CarryTradeDetails>({
    severity: 'info',
    title: 'Entering the hedge',
    happened: (details) => `The carry policy sells ${shownSol(details.size)} SOL. ${details.sentence}${lower(details)}`,
    action: 'No action needed. Close ends the hedge and the consent to the policy.',
    needsPerson: false,
  }),
  CARRY_LEFT: event<CarryTradeDetails>({
    severity: 'info',
    title: 'Leaving the hedge',
    happened: ({ size, sentence }) => `The carry policy buys ${shownSol(size)} SOL back. ${sentence}`,
    action: 'No action needed.',
    needsPerson: false,
  }),
  AUTO_CARRY_ENDED: event<{ readonly why: string; readonly by_person: boolean }>({
    severity: ({ by_person }) => (by_person ? 'info' : 'warning'),
    title: 'Automatic hedging has ended',
    happened: ({ why }) =>
      `The consent to the carry policy has ended: ${why}. The engine enters and leaves nothing by itself now.`,
    action: 'To let it go on, look at the policy and its backtest again and enable it.',
    needsPerson: true,
  }),
} as const;
