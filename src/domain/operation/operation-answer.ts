/** An operation's answer to its command: the fields of docs/protocol.md, from the facts of its legs. */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import type { Asset } from '../account/account.ts';
import { assetDecimals } from '../account/spot-markets.ts';
import { formatAmount, formatSol, formatUsd, SOL_DECIMALS, USD_DECIMALS } from '../money/amounts.ts';
import { abs } from '../money/units.ts';
import { type CommandAnswer, done, refused } from '../order/command.ts';
import { totalFills } from '../order/intent.ts';
import { directionOf, type TradeRequest } from '../order/operation-request.ts';
import { fillsUnknown, isSpent, lastAttempt, resolvedByHuman } from '../transaction/transaction.ts';
import { MAY_HAVE_BEEN_SENT } from './open-in-backup.ts';
import {
  currentLeg,
  filledSize,
  hasUnknownFill,
  type Leg,
  legLanded,
  type OperationState,
  operationFills,
} from './operation.ts';

type AnswerFields = Readonly<Record<string, Json | undefined>>;

/** A JSON number beside its exact base units; null: unknown. */
const amountFields = (name: string, base: bigint | null, decimals: number): AnswerFields => ({
  [name]: base === null ? null : Number(formatAmount(base, decimals)),
  [`${name}_base`]: base === null ? null : base.toString(),
});

function commonFields(state: OperationState, leg: Leg | null): AnswerFields {
  const { task } = state;
  const signature = leg === null ? undefined : lastAttempt(leg.tx)?.signed.signature;
  return {
    operation_id: task.operationId,
    engine_id: task.engineId,
    mode: task.mode,
    ...(signature === undefined ? {} : { tx_signature: signature }),
  };
}

/** The leg that an answer speaks of: the last one that landed, else the last one. */
function tellingLeg(state: OperationState): Leg | null {
  const mains = state.legs.filter((leg) => leg.purpose === 'main');
  return mains.findLast(legLanded) ?? mains.at(-1) ?? null;
}

const committed = (fields: AnswerFields): AnswerFields => ({ ...fields, commitment: 'confirmed' });

/** The final answer as the facts stand. */
export function answerOf(state: OperationState): CommandAnswer {
  const answer = answerByFacts(state);
  // Its recorded attempts did nothing. The original may have made others since the backup.
  if (state.task.fromBackup !== true || answer.success || state.legs.some(({ tx }) => resolvedByHuman(tx)))
    return answer;
  return refused(MAY_HAVE_BEEN_SENT, 'unknown', answer.data);
}

function answerByFacts(state: OperationState): CommandAnswer {
  const human = state.legs.find((leg) => resolvedByHuman(leg.tx) && !isProven(leg));
  if (human !== undefined) return humanAnswer(state, human);
  const { request } = state.task;
  const leg = tellingLeg(state);
  const fields = commonFields(state, leg);
  switch (request.kind) {
    case 'deposit':
    case 'withdraw': {
      const decimals = assetDecimals(request.asset);
      const amount = BigInt(request.amount);
      const asked = { ...fields, asset: request.asset, ...amountFields('amount', amount, decimals) };
      if (leg === null || !legLanded(leg)) return notDone(leg, asked);
      const moved = BigInt(leg.tx.landed?.effect?.movedAmount ?? amount);
      const verb = request.kind === 'deposit' ? 'Deposited' : 'Withdrew';
      const whole = moved === amount ? '' : ` of ${formatAmount(amount, decimals)}`;
      const told = `${verb} ${formatAmount(moved, decimals)}${whole} ${request.asset}`;
      if (whole === '') return done(told, committed(asked));
      // The venue gave less rather than a loan: the account had changed since it was asked.
      const less = { ...asked, ...amountFields('amount', moved, decimals) };
      return done(told, committed({ ...less, ...amountFields('requested_amount', amount, decimals) }));
    }
    case 'settle':
      return settleAnswer(leg, { ...fields, market: request.market }, state.task.quoteAsset);
    case 'open': {
      const direction = directionOf(BigInt(request.size));
      return tradeAnswer(state, request, leg, { ...fields, market: request.market, direction });
    }
    case 'rebalance':
    case 'correct':
    case 'guard':
    case 'enter':
    case 'leave':
      return tradeAnswer(state, request, leg, { ...fields, market: request.market });
    case 'close':
    case 'flatten':
      return closeAnswer(state, leg, { ...fields, market: request.market });
  }
}

export const isProven = ({ tx }: Leg): boolean =>
  tx.stage === 'finalized' || tx.stage === 'failed' || tx.stage === 'expired';

function notDone(leg: Leg | null, fields: AnswerFields): CommandAnswer {
  const error: ErrorReport = leg?.tx.error ?? { code: 'TRANSACTION_FAILED', message: 'Nothing happened.' };
  return refused(error, leg?.tx.stage === 'rejected' ? 'rejected' : 'failed', fields);
}

/** @param known the quote asset, if a snapshot said it when the operation began; else the landed effect does */
function settleAnswer(leg: Leg | null, given: AnswerFields, known: Asset | undefined): CommandAnswer {
  if (leg?.nothing === 'settled') return done('Nothing to settle', { ...given, changed: false });
  if (leg === null || !legLanded(leg)) return notDone(leg, given);
  const quoteAsset = known ?? leg.tx.landed?.effect?.quoteAsset;
  const fields = { ...given, ...(quoteAsset === undefined ? {} : { quote_asset: quoteAsset }) };
  const unit = quoteAsset ?? 'units of the quote asset';
  const settled = leg.tx.landed?.effect?.settledPnl;
  if (settled === undefined) return done('Settled the PnL', committed(fields));
  const pnl = BigInt(settled);
  const unsettled = leg.tx.landed?.effect?.unsettledPnl;
  const left = unsettled === undefined ? 0n : BigInt(unsettled);
  const rest = left === 0n ? '' : `; ${formatUsd(left)} ${unit} remains unsettled`;
  const why = pnl === 0n ? reasonOf(leg) : null;
  if (why !== null) {
    return done(
      `No PnL was settled: ${why}`,
      committed({ ...fields, ...amountFields('settled_pnl', 0n, USD_DECIMALS), reason: why }),
    );
  }
  return done(
    `Settled ${formatUsd(pnl)} ${unit} of PnL${rest}`,
    committed({
      ...fields,
      ...amountFields('settled_pnl', pnl, USD_DECIMALS),
      ...(left === 0n ? {} : amountFields('unsettled_pnl', left, USD_DECIMALS)),
    }),
  );
}

/** The venue's words for a settle that moved nothing. */
function reasonOf(leg: Leg): string | null {
  const detail = leg.tx.landed?.effect?.detail;
  const reason = typeof detail === 'object' && detail !== null && 'reason' in detail ? detail.reason : null;
  return typeof reason === 'string' ? reason : null;
}

function fillFields(state: OperationState, requested: bigint | null): AnswerFields {
  const fills = totalFills(operationFills(state));
  if (hasUnknownFill(state)) {
    return {
      ...amountFields('requested_size', requested, SOL_DECIMALS),
      ...amountFields('filled_size', null, SOL_DECIMALS),
      ...amountFields('average_price', null, USD_DECIMALS),
      ...amountFields('fee', null, USD_DECIMALS),
    };
  }
  return {
    ...amountFields('requested_size', requested, SOL_DECIMALS),
    ...amountFields('filled_size', fills.size, SOL_DECIMALS),
    ...(fills.averagePrice === null
      ? { average_price: null, average_price_base: null }
      : amountFields('average_price', fills.averagePrice, USD_DECIMALS)),
    ...amountFields('fee', fills.fee, USD_DECIMALS),
  };
}

/** What stood when a close first looked; null: it has not seen the account. */
function initialSize({ legs }: OperationState): bigint | null {
  const first = legs.find((leg) => leg.position !== null)?.position;
  return first == null ? null : abs(BigInt(first));
}

function tradeAnswer(
  state: OperationState,
  request: TradeRequest,
  leg: Leg | null,
  fields: AnswerFields,
): CommandAnswer {
  const signed = BigInt(request.size);
  const requested = abs(signed);
  const filled = totalFills(operationFills(state));
  const sized = { ...fields, ...fillFields(state, requested) };
  if (leg === null || !legLanded(leg)) return notDone(leg, sized);
  if (hasUnknownFill(state)) {
    return done(
      `The order for ${formatSol(requested)} ${request.market} is over. How much of it filled is unknown`,
      sized,
    );
  }
  if (filled.size === 0n) return refused(notFilled(requested), 'failed', committed(sized));
  const size =
    filled.size === requested ? formatSol(filled.size) : `${formatSol(filled.size)} of ${formatSol(requested)}`;
  const at = `${size} ${request.market} at ${formatUsd(filled.averagePrice ?? 0n)}`;
  if (request.kind === 'open') return done(`Opened ${directionOf(signed)} ${at}`, committed(sized));
  return done(`Rebalanced: ${signed < 0n ? 'sold' : 'bought'} ${at}`, committed(sized));
}

const notFilled = (requested: bigint | null): ErrorReport => ({
  code: 'ORDER_NOT_FILLED',
  message: `The order${requested === null ? '' : ` for ${formatSol(requested)} SOL`} was not filled within its price limit and time. Send it again; MAX_SLIPPAGE_BPS widens the limit.`,
  details: { requested_size: requested === null ? null : Number(formatSol(requested)) },
});

function closeAnswer(state: OperationState, leg: Leg | null, fields: AnswerFields): CommandAnswer {
  const initial = initialSize(state);
  const filled = totalFills(operationFills(state));
  const placed = state.legs.some((other) => other.purpose === 'main' && legLanded(other));
  const sized = { ...fields, ...fillFields(state, initial) };
  if (state.flat) {
    if (!placed && initial === 0n && !state.task.hadPosition) return alreadyFlat(state, fields);
    if (hasUnknownFill(state)) {
      const { market } = fields;
      return done(`${market} is flat. How much of it our orders closed is not known yet`, {
        ...committed(sized),
        ...settledFields(state),
      });
    }
    const closedBy = filled.size === 0n ? 'other' : filled.size >= (initial ?? 0n) ? 'us' : 'both';
    const by = { ...sized, closed_by: closedBy, ...settledFields(state) };
    const market = 'market' in state.task.request ? state.task.request.market : '';
    if (closedBy === 'other')
      return done(`${market} is flat. It was already closed when this command ran.`, committed(by));
    const price = formatUsd(filled.averagePrice ?? 0n);
    const whole = closedBy === 'us' ? '' : `; the rest of ${formatSol(initial ?? 0n)} was closed by others`;
    return done(`Closed ${formatSol(filled.size)} ${market} at ${price}${whole}`, committed(by));
  }
  if (hasUnknownFill(state)) return refused(notKnown(state), 'failed', sized);
  if (filled.size > 0n) {
    const left = initial === null ? null : initial > filled.size ? initial - filled.size : 0n;
    const rest =
      left === null
        ? '; how much remains open is unknown'
        : ` of ${formatSol(initial ?? 0n)}; ${formatSol(left)} remains open`;
    return done(`Closed ${formatSol(filled.size)}${rest}`, {
      ...committed(sized),
      closed_by: 'us',
      ...amountFields('remaining_size', left, SOL_DECIMALS),
    });
  }
  if (leg === null || !legLanded(leg)) return notDone(leg, sized);
  return refused(notFilled(initial), 'failed', committed(sized));
}

/** A close that ended before it was flat, with the fill of its last order unknown. */
const notKnown = ({ task }: OperationState): ErrorReport => ({
  code: 'ORDER_NOT_FILLED',
  message: 'The position is not closed, and how much an order filled is not known yet. Look at the position.',
  details: { operation_id: task.operationId },
});

/** If settling after the close moved less than there was: what it moved, and what stays unsettled. */
function settledFields(state: OperationState): AnswerFields {
  const effect = state.legs.findLast((leg) => leg.purpose === 'settle' && legLanded(leg))?.tx.landed?.effect;
  const left = BigInt(effect?.unsettledPnl ?? '0');
  if (left === 0n) return {};
  return {
    ...amountFields('settled_pnl', BigInt(effect?.settledPnl ?? '0'), USD_DECIMALS),
    ...amountFields('unsettled_pnl', left, USD_DECIMALS),
  };
}

function alreadyFlat(state: OperationState, fields: AnswerFields): CommandAnswer {
  if (state.task.request.kind === 'flatten') return done('Already flat', { ...fields, changed: false });
  return refused({ code: 'NO_POSITION', message: 'There is no open position.' }, 'rejected', fields);
}

const requestedSize = ({ task }: OperationState): bigint | null =>
  'size' in task.request ? abs(BigInt(task.request.size)) : null;

/** The preliminary answer while the outcome is unknown, within the promised time. */
export function unknownAnswer(state: OperationState): CommandAnswer {
  const leg = currentLeg(state);
  const attempt = leg === null ? null : lastAttempt(leg.tx);
  return refused(
    {
      code: 'ACCOUNT_UNRESOLVED',
      message: hasUnknownFill(state)
        ? 'The order is over, and no RPC node tells how much of it filled. Driftless keeps asking. Look at the position. ' +
          'To go on without the answer, submit the outcome "landed" (RESOLVE_TRANSACTION).'
        : 'The outcome of the transaction is unknown. Driftless keeps checking. If you know what happened, submit the outcome (RESOLVE_TRANSACTION).',
      details: { operation_id: state.task.operationId, signature: attempt?.signed.signature },
    },
    'unknown',
    { ...commonFields(state, leg), ...(hasUnknownFill(state) ? fillFields(state, requestedSize(state)) : {}) },
  );
}

function humanAnswer(state: OperationState, leg: Leg): CommandAnswer {
  const { verdict } = leg.tx;
  const by = { resolved_by: 'human', operator: verdict?.operator, verdict: verdict?.verdict, note: verdict?.note };
  const fields = { ...commonFields(state, leg), ...by };
  if (verdict?.verdict === 'landed') return done(`Resolved by ${verdict.operator} as landed, not yet proven`, fields);
  return refused(
    {
      code: 'TRANSACTION_FAILED',
      message: `Resolved by ${verdict?.operator ?? 'a person'} as failed, not yet proven`,
      details: by,
    },
    'failed',
    fields,
  );
}

/** The position that a close left open, for its alert; null: it never saw one. */
export function remainingText(state: OperationState): string | null {
  const last = state.legs.findLast((leg) => leg.purpose === 'main' && leg.position !== null);
  if (last === undefined || fillsUnknown(last.tx) || isSpent(last.tx)) return null;
  const left = abs(BigInt(last.position ?? '0')) - filledSize(last);
  return formatSol(left < 0n ? 0n : left);
}
