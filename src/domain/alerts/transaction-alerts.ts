/** Alerts about one operation and its transactions. Raised by the two reducers. */
import type { ErrorDetails } from '../../lib/errors.ts';
import { shownSol } from '../money/display.ts';
import { condition, counted, event, type NoDetails, withPeriod } from './alert-row.ts';

/** What a node said when it was asked about the transaction. */
type NodeWord = { readonly node: string; readonly says: string; readonly reason?: string };
type Asked = { readonly nodes: readonly NodeWord[] };
/** Beside the reason: who asked for what, or which field is malformed. */
type Refused = ErrorDetails & { readonly reason: string; readonly malformed: boolean };
type Evidence = 'landed' | 'failed' | 'never landed';

/** How an uncertain transaction turned out. */
export type TransactionEnd = 'landed' | 'finalized' | 'failed' | 'expired' | 'resolved' | 'untold';

/** Alerts that say that an outcome is uncertain, in the order in which they are ended. */
export const UNCERTAIN = ['TRANSACTION_UNKNOWN', 'TRANSACTION_DROPPED', 'FINALITY_LATE', 'FILL_UNKNOWN'] as const;
export type UncertainCode = (typeof UNCERTAIN)[number];

const ENDS: Readonly<Record<TransactionEnd, string>> = {
  landed: 'The transaction has landed.',
  finalized: 'The transaction has landed and is final.',
  failed: 'The transaction failed on chain, and that is final.',
  expired: 'It is proven that the transaction will never land.',
  resolved: 'A person submitted the outcome of the transaction.',
  untold: 'No node told in time how much the order filled. Driftless stops asking.',
};
const ended = ({ outcome }: { readonly outcome: TransactionEnd }): string => ENDS[outcome];

function unknown({ nodes }: Asked): string {
  const mute = nodes
    .filter(({ says }) => says === 'cannot_testify' || says === 'no_answer')
    .map(
      ({ node, says, reason }) => `${node} (${reason ?? (says === 'no_answer' ? 'no answer' : 'not in its history')})`,
    );
  const who = mute.length === 0 ? '' : ` Nodes without an answer: ${mute.join(', ')}.`;
  return `It is not known whether a transaction landed. The chain does not show it, and nothing proves that it expired.${who}`;
}

export const TRANSACTION_ALERTS = {
  TRANSACTION_UNKNOWN: condition<Asked, { readonly outcome: TransactionEnd }>({
    severity: 'critical',
    title: 'Transaction outcome unknown',
    happened: unknown,
    action:
      'Driftless keeps checking. If you know what happened, submit the outcome on the page, or send the signal ' +
      'resolveTransaction to the workflow with {"verdict":"landed|failed|retry","operator":"…","note":"…"}.',
    needsPerson: true,
    over: ended,
  }),
  TRANSACTION_DROPPED: condition<NoDetails, { readonly outcome: TransactionEnd }>({
    severity: 'critical',
    title: 'Confirmed transaction dropped',
    happened: () =>
      'A transaction that was confirmed is gone: the chain dropped it, or, on paper, the journal lost it. Driftless sends it again while it is valid, and only reductions are possible meanwhile.',
    action: 'No action needed yet. Wait until it lands again or is proven expired.',
    needsPerson: false,
    over: ended,
  }),
  FINALITY_LATE: condition<Asked, { readonly outcome: TransactionEnd }>({
    severity: 'warning',
    title: 'Transaction not final yet',
    happened: () => 'A confirmed transaction is taking unusually long to become final. Driftless keeps checking.',
    action: 'Check the RPC nodes if this lasts. Nothing else waits for it.',
    needsPerson: false,
    over: ended,
  }),
  FILL_UNKNOWN: condition<Asked, { readonly outcome: TransactionEnd }>({
    severity: 'warning',
    title: 'Fill unknown',
    happened: () =>
      'An order is over, and no RPC node tells how much of it filled. The position shows what stands; who changed it is not known yet.',
    action:
      'Driftless keeps asking. Add an RPC node with transaction history to RPC_URL. To go on without the answer, submit the ' +
      'outcome "landed". Close and Flatten work meanwhile.',
    needsPerson: true,
    over: ended,
  }),
  VERDICT_REFUSED: event<Refused>({
    severity: 'warning',
    title: 'Submitted outcome refused',
    happened: ({ reason }) => `The submitted outcome was not accepted: ${withPeriod(reason)}`,
    action: ({ malformed }) =>
      malformed ? 'Correct it and submit it again.' : 'Check the transaction on chain, then decide again.',
    needsPerson: true,
  }),
  VERDICT_CONTRADICTED: event<{
    readonly verdict: string | null;
    readonly operator: string | null;
    readonly evidence: Evidence;
  }>({
    severity: 'critical',
    title: 'Submitted outcome was wrong',
    happened: ({ verdict, operator, evidence }) =>
      `The outcome "${verdict ?? 'unknown'}" that ${operator ?? 'a person'} submitted was wrong: the chain proves that the transaction ${evidence}. The journal is corrected, and trading is halted.`,
    action: 'Compare the account with what was decided since, then use Resume.',
    needsPerson: true,
  }),
  CONFIRMED_THEN_LOST: event<NoDetails>({
    severity: 'critical',
    title: 'Reported as done, then lost',
    happened: () =>
      'The chain dropped a confirmed transaction for good. What Driftless had reported as done did not happen.',
    action: 'Check the account, then send the command again if you still want it.',
    needsPerson: true,
  }),
  ORDER_NOT_CANCELLED: event<NoDetails>({
    severity: 'critical',
    title: 'Order could not be cancelled',
    happened: () =>
      'An order is past its time and still open, although Driftless cancelled it. Driftless keeps watching it.',
    action: 'Cancel it yourself, or use Flatten.',
    needsPerson: true,
  }),
  CLOSE_INCOMPLETE: event<{
    /** Null: the close could not read the account. */
    readonly remaining: string | null;
    /** Orders that landed. */
    readonly placements: number;
  }>({
    severity: 'critical',
    title: 'Position not fully closed',
    happened: ({ remaining, placements }) =>
      `The position could not be closed completely: ${
        remaining === null ? 'how much is still open is unknown' : `about ${shownSol(remaining)} SOL is still open`
      }. ${placements === 0 ? 'No order' : counted(placements, 'order')} landed.`,
    action: 'Use Close again, or Flatten, which accepts a worse price.',
    needsPerson: true,
  }),
  SETTLE_INCOMPLETE: event<{ readonly reason: string }>({
    severity: 'warning',
    title: 'PnL not settled',
    happened: ({ reason }) => `The position is closed, but its PnL could not be settled: ${withPeriod(reason)}`,
    action: 'Use Settle.',
    needsPerson: true,
  }),
  RESOLVED_WITHOUT_PROOF: event<NoDetails>({
    severity: 'warning',
    title: 'Outcome accepted without proof',
    happened: () =>
      'A submitted outcome could be neither proven nor disproven in time. Driftless accepts it and stops checking.',
    action: 'Compare the account with the journal.',
    needsPerson: true,
  }),
} as const;
