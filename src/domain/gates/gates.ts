/**
 * Gates: may this operation go ahead? All are evaluated, all are reported with figures; docs/architecture/gates.md says
 * which of them block what.
 */

import type { ErrorReport, Json } from '../../lib/errors.ts';
import { isReducing } from '../account/position.ts';
import type { Snapshot } from '../account/snapshot.ts';
import { marketOfAsset } from '../account/spot-markets.ts';
import { countedSpot, driftFromTargetPct, reservedFor } from '../hedge/delta.ts';
import { perpMarketOf, perpSize } from '../margin/margin.ts';
import { abs, divCeil, lamports, type MicroUsd, microUsd, valueAt } from '../money/units.ts';
import type { SizedOperation } from '../order/operation-request.ts';
import { type GateColumn, gateColumn } from '../order/operations.ts';
import { valuationPrice } from '../order/slippage.ts';
import { GATE_CHECKS } from './gate-checks.ts';
import { deltaAfter } from './gate-risk-checks.ts';
import { type GateCheck, type GateInput, type GateSubject, gateSubject } from './gate-subject.ts';
import { GATE_CODES, type GateCell, type GateCode, gateCell } from './gate-table.ts';
import { gateSentence } from './gate-words.ts';
import { type ConfirmationReason, isWorseDelta } from './shown.ts';

export { minimumSize } from './gate-size-checks.ts';
export { type GateInput, worstPriceOf } from './gate-subject.ts';
export type { GateCode } from './gate-table.ts';

export interface Gate extends GateCheck {
  readonly code: GateCode;
  /** It failed, and that stops this operation. */
  readonly blocks: boolean;
  /** It blocks, and a person's confirmation would let it pass. */
  readonly confirmable: boolean;
}

export interface GateReport {
  /** No gate blocks. */
  readonly pass: boolean;
  readonly column: GateColumn;
  readonly reducing: boolean;
  /** Something blocks, and a person's confirmation would lift all of it. */
  readonly confirmable: boolean;
  readonly gates: readonly Gate[];
}

/** Whether the operation reduces the position that stands in the snapshot: |perp| shrinks without crossing zero. */
export function reduces(operation: SizedOperation, { account, markets }: Snapshot): boolean {
  if (!('size' in operation) || account === null) return false;
  return isReducing(perpSize(account, markets, operation.market), lamports(BigInt(operation.size)));
}

export function evaluateGates(input: GateInput): GateReport {
  const reducing = reduces(input.operation, input.snapshot);
  const column = gateColumn(input.operation.kind, reducing);
  const subject = gateSubject(input, column, reducing);
  const gates: Gate[] = [];
  for (const code of GATE_CODES) {
    const cell = gateCell(code, column);
    if (cell === '-') continue;
    const check = GATE_CHECKS[code](subject);
    const blocks = !check.pass && blocksIn(cell, subject);
    gates.push({ code, ...check, blocks, confirmable: blocks && cell === 'C' && !input.automatic });
  }
  const blocking = gates.filter((gate) => gate.blocks);
  return {
    pass: blocking.length === 0,
    column,
    reducing,
    confirmable: blocking.length > 0 && blocking.every((gate) => gate.confirmable),
    gates,
  };
}

function blocksIn(cell: GateCell, subject: GateSubject): boolean {
  const { automatic, exposureConfirmed } = subject;
  switch (cell) {
    case 'B':
      return true;
    case 'C':
      return automatic || !exposureConfirmed || isWorseThanShown(subject);
    case 'A':
      return automatic;
    case 'W':
      return !isFarFromTarget(subject);
    case 'R':
    case '-':
      return false;
  }
}

function isWorseThanShown(subject: GateSubject): boolean {
  const { shownNetDelta, policy } = subject;
  if (shownNetDelta === undefined) return false;
  const after = deltaAfter(subject);
  return isWorseDelta(after?.net ?? null, shownNetDelta, after?.spot ?? null, policy);
}

/** Beyond MAX_UNHEDGED_PCT the risk of standing open outweighs the cost of the trade. Unknown spot waives nothing. */
function isFarFromTarget({ snapshot, operation, policy, perp, hedgeTargetPpm }: GateSubject): boolean {
  const spot = countedSpot(snapshot, policy);
  if (spot === null || !('size' in operation)) return false;
  const drift = driftFromTargetPct(spot, perp, reservedFor(policy), hedgeTargetPpm);
  return Math.abs(drift) > policy.maxUnhedgedPct;
}

export const blockingGates = (report: GateReport): readonly Gate[] => report.gates.filter((gate) => gate.blocks);

/** The gates as an answer shows them in `details.gates`. */
export const gatesJson = (report: GateReport): Json =>
  report.gates.map(({ code, pass, blocks, have, need, unit, remedy, detail }) => ({
    code,
    pass,
    blocks,
    have,
    need,
    unit,
    remedy,
    ...(detail === undefined ? {} : { detail }),
  }));

/** Gates that have a code of their own; the rest are GATE_BLOCKED. */
function errorCode(report: GateReport): string {
  const blocked = (code: GateCode) => report.gates.some((gate) => gate.code === code && gate.blocks);
  if (blocked('PERMISSION')) return 'PERMISSION_DENIED';
  if (blocked('VENUE_PAUSED')) return 'VENUE_PAUSED';
  const capital = report.column === 'deposit' || report.column === 'withdraw';
  if (capital && blocked('INSUFFICIENT_FUNDS')) return 'INSUFFICIENT_FUNDS';
  return blocked('MINIMUM_SIZE') ? 'BELOW_MINIMUM' : 'GATE_BLOCKED';
}

/** The refusal that a blocked report amounts to; null when nothing blocks. */
export function gateError(report: GateReport): ErrorReport | null {
  const blocking = blockingGates(report);
  if (blocking.length === 0) return null;
  const message = blocking.map((gate) => `${gateSentence(gate)} ${gate.remedy}`).join(' ');
  return { code: errorCode(report), message, details: { gates: gatesJson(report) } };
}

export interface ConfirmationNeed {
  readonly needed: boolean;
  /** Null: the price is unknown. */
  readonly value: MicroUsd | null;
  readonly reasons: readonly ConfirmationReason[];
}

/**
 * Whether a person must confirm a command: live above CONFIRM_ABOVE_USD for what is not a reduction (an unknown value
 * counts as above), and for exposure beyond tolerance in paper too. The engine's own trades ask nobody.
 */
export function confirmationNeeded(input: GateInput, report: GateReport): ConfirmationNeed {
  const { operation, snapshot, policy } = input;
  const value = operationValue(operation, snapshot);
  if (input.automatic) return { needed: false, value, reasons: [] };
  const asked = ['deposit', 'withdraw', 'open', 'rebalance-enlarge'].includes(report.column);
  const large = policy.mode === 'live' && asked && (value === null || value > policy.confirmAboveUsd);
  const exposed = report.gates.some((gate) => gate.code === 'DELTA_EXPOSED' && gate.confirmable);
  const reasons = [
    ...(large ? (['CONFIRM_ABOVE_USD'] as const) : []),
    ...(exposed ? (['DELTA_EXPOSED'] as const) : []),
  ];
  return { needed: reasons.length > 0, value, reasons };
}

/** Worth of what is moved or traded, at the oracle, else at the mark; null when neither is known. */
function operationValue(operation: SizedOperation, { markets }: Snapshot): MicroUsd | null {
  switch (operation.kind) {
    case 'settle':
      return microUsd(0n);
    case 'deposit':
    case 'withdraw': {
      const market = marketOfAsset(markets, operation.asset);
      if (market === null || market.oracle.price === null) return null;
      return microUsd(divCeil(BigInt(operation.amount) * market.oracle.price, 10n ** BigInt(market.decimals)));
    }
    default: {
      const market = perpMarketOf(markets, operation.market);
      const at = market === null ? null : valuationPrice(market);
      return at === null ? null : valueAt(abs(lamports(BigInt(operation.size))), at);
    }
  }
}
