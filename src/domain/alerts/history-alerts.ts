/** Alerts about the recorded history of an account: what is missing from it, and what it cannot explain. */
import { timeText } from '../money/display.ts';
import { counted, event, withPeriod } from './alert-row.ts';

type Gap = { readonly from_slot: number; readonly to_slot: number; readonly first_available: number };
type HistoryStart = {
  readonly slot: number;
  readonly from_slot: number | null;
  readonly transactions: number;
  readonly lost: number;
  readonly fills: number;
  readonly payments: number;
};

/** Nothing was read back, or not all of it. */
const isPartial = ({ lost, transactions }: HistoryStart): boolean => lost > 0 || transactions === 0;

function begun({ slot, from_slot, transactions, lost, fills, payments }: HistoryStart): string {
  const back =
    transactions === 0
      ? 'Nothing could be read back from the chain.'
      : `Read back from the chain: ${counted(transactions, 'earlier transaction')} (${counted(fills, 'fill')}, ${counted(payments, 'funding payment')}), as far back as slot ${from_slot ?? slot}.`;
  const more = lost === 0 ? '' : ` ${lost} more could not be read.`;
  return `This account is older than its history in Driftless. ${back}${more} Equity starts at slot ${slot} with a new baseline.`;
}

export const HISTORY_ALERTS = {
  HISTORY_GAP: event<Gap>({
    severity: 'warning',
    title: 'Gap in the history',
    happened: ({ from_slot, first_available }) =>
      `The RPC node no longer has the transactions of slots ${from_slot} to ${first_available - 1}. Trades and funding of that time are missing, and equity has a new baseline.`,
    action: 'No action needed. An RPC node with a longer history avoids such gaps.',
    needsPerson: false,
  }),
  BOOKS_BEGUN: event<HistoryStart>({
    severity: (details) => (isPartial(details) ? 'warning' : 'info'),
    title: 'History starts here',
    happened: begun,
    action: (details) =>
      isPartial(details) ? 'No action needed. An RPC node with a longer history would show more.' : 'No action needed.',
    needsPerson: false,
  }),
  BOOKS_UNEXPLAINED: event<{ readonly from_slot: number; readonly to_slot: number }>({
    severity: 'critical',
    title: 'Unexplained change of the account',
    happened: ({ from_slot, to_slot }) =>
      `The account differs from its recorded history, and no transaction in slots ${from_slot} to ${to_slot} explains it.`,
    action: 'Compare the account with its trades and transfers, then use Resume to accept it as it is.',
    needsPerson: true,
  }),
  FUNDING_GAP: event<{ readonly market_time_ms: number; readonly gap: string }>({
    severity: 'warning',
    title: 'Gap in the market data',
    happened: ({ market_time_ms, gap }) => `At market time ${timeText(market_time_ms)}: ${withPeriod(gap)}`,
    action: 'No action needed. Use a file without the gap if these periods matter.',
    needsPerson: false,
  }),
} as const;
