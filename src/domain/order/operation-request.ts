import type { Asset } from '../account/account.ts';
import type { Direction } from './command.ts';

/** What an operation is asked to do, as plain JSON; amounts are decimal strings of base units. */
export type OperationRequest =
  | { readonly kind: 'deposit' | 'withdraw'; readonly asset: Asset; readonly amount: string }
  | { readonly kind: 'open'; readonly market: string; readonly direction: Direction; readonly size: string }
  /** A goal: flat. `flatten` widens the price limit to 1, 2, 4 times and settles afterwards. */
  | { readonly kind: 'close'; readonly market: string; readonly flatten: boolean }
  /** Signed lamports to trade, positive = buy. `guard`: the automatic reduction of the guard. */
  | { readonly kind: 'rebalance'; readonly market: string; readonly delta: string; readonly guard: boolean }
  | { readonly kind: 'settle'; readonly market: string };
