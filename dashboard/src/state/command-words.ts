/** Commands in a person's words. */
import type { Action } from '../../../src/domain/order/command.ts';
import type { CommandData } from './activity.ts';

const NAMES: Readonly<Record<Action, string>> = {
  START_ENGINE: 'Start engine',
  STOP_ENGINE: 'Stop engine',
  GET_STATE: 'Read state',
  REBALANCE: 'Rebalance',
  FLATTEN: 'Flatten and halt',
  RESUME: 'Resume trading',
  DRIFT_DEPOSIT: 'Deposit',
  DRIFT_WITHDRAW: 'Withdraw',
  DRIFT_OPEN_POSITION: 'Open',
  DRIFT_CLOSE_POSITION: 'Close',
  SETTLE_PNL: 'Settle PnL',
  ADOPT_POSITION: 'Manage position',
  ENABLE_AUTO_CARRY: 'Hedge automatically',
  RESOLVE_TRANSACTION: 'Submit outcome',
};

/** `Open short 2.5 SOL on SOL-PERP`. */
export function commandWords(action: string, data: CommandData): string {
  const name = Object.hasOwn(NAMES, action) ? NAMES[action as Action] : action;
  switch (action) {
    case 'DRIFT_DEPOSIT':
    case 'DRIFT_WITHDRAW':
      return data.amount === undefined ? name : `${name} ${data.amount} ${data.asset ?? 'SOL'}`;
    case 'DRIFT_OPEN_POSITION':
      return data.size === undefined ? name : `${name} ${data.direction} ${data.size} SOL on ${data.market}`;
    case 'DRIFT_CLOSE_POSITION':
    case 'SETTLE_PNL':
    case 'ADOPT_POSITION':
      return data.market === undefined ? name : `${name} ${data.market}`;
    case 'START_ENGINE':
      return data.mode === undefined ? name : `${name} (${data.mode})`;
    case 'RESOLVE_TRANSACTION':
      return data.verdict === undefined ? name : `${name}: ${data.verdict}`;
    default:
      return name;
  }
}

/** `CASE_OR_snake` as words: for names from the wire that have no words of ours. */
export const spaced = (name: string): string => name.replaceAll('_', ' ').toLowerCase();
