/** A change of a paper account under construction: its effects so far, and the rows for the journal. */

import { SOL_PERP } from '../../domain/account/account.ts';
import { type Alert, newAlert, raised } from '../../domain/alerts/alert.ts';
import type { Fill } from '../../domain/order/intent.ts';
import type { EquityRecord, FundingRecord } from '../../journal/records.ts';
import { equityRecord } from './equity.ts';
import type { Walked } from './market.ts';
import type { PaperState } from './state.ts';
import type { PaperChange, PaperTrade, PaperTransaction } from './store.ts';

export class ChangeInProgress {
  readonly engineId: string;
  readonly nowMs: number;
  readonly #transactions = new Map<string, PaperTransaction>();
  readonly #checkpoints: { slot: number; state: PaperState }[] = [];
  readonly #trades: PaperTrade[] = [];
  readonly #funding: FundingRecord[] = [];
  readonly #equity: EquityRecord[] = [];
  readonly #alerts: Alert[] = [];
  state: PaperState;
  dirty = false;

  constructor(engineId: string, state: PaperState, nowMs: number) {
    this.engineId = engineId;
    this.state = state;
    this.nowMs = nowMs;
  }

  /** Takes over the result of a walk. `keep`: store the market's clock too. */
  walked(walked: Walked, keep: boolean): void {
    const { engineId, nowMs } = this;
    const moved = walked.state.market.timeMs !== this.state.market.timeMs;
    this.state = walked.state;
    for (const period of walked.periods) {
      this.#funding.push({
        engineId,
        market: SOL_PERP,
        periodTsMs: period.periodTsMs,
        rate: period.rate.toString(),
        position: period.position.toString(),
        amount: period.amount.toString(),
        tsMs: nowMs,
      });
    }
    for (const state of walked.checkpoints) this.#equity.push(equityRecord(engineId, state, nowMs));
    for (const liquidation of walked.liquidations) {
      this.#trades.push({
        engineId,
        market: SOL_PERP,
        side: liquidation.side,
        size: liquidation.size.toString(),
        price: liquidation.price.toString(),
        fee: '0',
        signature: `liquidation:${liquidation.tsMs}`,
        index: 0,
        tsMs: nowMs,
      });
      this.tellEquity();
    }
    for (const { tsMs, text } of walked.warnings) this.#alerts.push(gapAlert(engineId, tsMs, text, nowMs));
    this.dirty ||= walked.eventful || (keep && moved);
  }

  tellEquity(): void {
    this.#equity.push(equityRecord(this.engineId, this.state, this.nowMs));
    this.dirty = true;
  }

  tellFills(fills: readonly Fill[], firstIndex: number): void {
    for (const [offset, fill] of fills.entries()) {
      this.#trades.push({ engineId: this.engineId, ...fill, index: firstIndex + offset });
    }
  }

  /** The account as it is now, before a change at `slot`. */
  checkpoint(slot: number): void {
    this.#checkpoints.push({ slot, state: this.state });
    this.state = { ...this.state, changedSlot: slot };
  }

  put(transaction: PaperTransaction): void {
    this.#transactions.set(transaction.signature, transaction);
    this.dirty = true;
  }

  known(signature: string): PaperTransaction | null {
    return this.#transactions.get(signature) ?? null;
  }

  written(finalizedSlot: number): PaperChange | null {
    if (!this.dirty) return null;
    return {
      state: this.state,
      nowMs: this.nowMs,
      transactions: [...this.#transactions.values()],
      checkpoints: this.#checkpoints,
      trades: this.#trades,
      funding: this.#funding,
      equity: this.#equity,
      alerts: this.#alerts,
      finalizedSlot,
    };
  }
}

const gapAlert = (engineId: string, tsMs: number, gap: string, nowMs: number): Alert =>
  newAlert({
    id: `funding-gap:${engineId}:${tsMs}`,
    engineId,
    tsMs: nowMs,
    draft: raised('FUNDING_GAP', { market_time_ms: tsMs, gap }),
  });
