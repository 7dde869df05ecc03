/** What an opened row of the activity tells: fill, cost, attempts. */
import type { GateResult } from '../../../src/protocol/error.ts';
import type { OperationInfo } from '../../../src/protocol/operation.ts';
import { plain, sol, usd, usdFine } from '../format/number.ts';
import { gateFigure, gateLimit } from './gate-figures.ts';

/** Only what is known: an operation that filled nothing has no price. */
export function operationFacts({ result, attempts, intent }: OperationInfo): readonly (readonly [string, string])[] {
  const { requested_size: asked, filled_size: filled, average_price: price, fee, settled_pnl: settled } = result ?? {};
  const rows: (readonly [string, string] | null)[] = [
    asked == null ? null : ['Asked', sol(Math.abs(asked))],
    filled == null ? null : ['Filled', sol(Math.abs(filled))],
    price == null ? null : ['Average price', usd(price)],
    intent.price_limit === undefined ? null : ['Price limit', usd(intent.price_limit)],
    fee == null ? null : ['Fee', usdFine(fee)],
    settled == null ? null : ['Settled PnL', usd(settled, 'always')],
    ['Attempts', plain(attempts.length, 0)],
  ];
  return rows.filter((row) => row !== null);
}

export interface GateThenAndNow {
  readonly code: string;
  readonly failed: boolean;
  readonly before: string;
  /** Empty: the engine's latest decision did not ask it. */
  readonly now: string;
  readonly need: string;
  readonly remedy: string;
}

/** Gates as they stood, beside how the engine's latest decision saw them. Those that stopped it come first. */
export function gatesThenAndNow(then: readonly GateResult[], now: readonly GateResult[]): readonly GateThenAndNow[] {
  return then
    .toSorted((a, b) => Number(b.blocks) - Number(a.blocks) || Number(a.pass) - Number(b.pass))
    .map(({ code, have, need, unit, pass, remedy }) => {
      const present = now.find((gate) => gate.code === code);
      return {
        code,
        failed: !pass,
        before: gateFigure(have, unit),
        now: present === undefined ? '' : gateFigure(present.have, present.unit),
        need: gateLimit(need, unit),
        remedy: pass ? '' : remedy,
      };
    });
}
