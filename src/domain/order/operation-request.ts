/**
 * The request of an operation, as plain JSON. Amounts are decimal strings of base units; the size of a trade is
 * signed lamports, positive = long.
 */
import type { Asset } from '../account/account.ts';
import { assetDecimals } from '../account/spot-markets.ts';
import { formatAmount, formatSol } from '../money/amounts.ts';
import { type CapitalKind, isExit, OPERATIONS, type TradeKind } from './operations.ts';

export type OperationRequest = CapitalRequest | TradeRequest | ExitRequest | SettleRequest;

/** A request by a person; a rebalance gets its size from a snapshot. */
export type AskedOperation = CapitalRequest | OpenRequest | RebalanceRequest | ExitRequest | SettleRequest;

/** The request with its size, as gates judge it. */
export type SizedOperation = CapitalRequest | SizedTrade | SettleRequest;

export type Direction = 'long' | 'short';

export interface CapitalRequest {
  readonly kind: CapitalKind;
  readonly asset: Asset;
  readonly amount: string;
}

export interface TradeRequest {
  readonly kind: 'open' | 'rebalance' | 'correct' | 'guard' | 'enter' | 'leave';
  readonly market: string;
  readonly size: string;
}

type OpenRequest = TradeRequest & { readonly kind: 'open' };

/** A goal: fully hedged. */
export interface RebalanceRequest {
  readonly kind: 'rebalance';
  readonly market: string;
}

export interface SizedTrade {
  readonly kind: TradeKind;
  readonly market: string;
  readonly size: string;
}

/** A goal: flat, whatever the position is when it runs. */
export interface ExitRequest {
  readonly kind: 'close' | 'flatten';
  readonly market: string;
}

export interface SettleRequest {
  readonly kind: 'settle';
  readonly market: string;
}

export const isExitRequest = (request: OperationRequest): request is ExitRequest => isExit(request.kind);

/** The command that a person sends, in words. */
export const directionOf = (size: bigint): Direction => (size < 0n ? 'short' : 'long');

/** In a few words, for people: "Open short 5 SOL-PERP". */
export function operationTitle(request: OperationRequest): string {
  const { label } = OPERATIONS[request.kind];
  if ('asset' in request) {
    return `${label} ${formatAmount(BigInt(request.amount), assetDecimals(request.asset))} ${request.asset}`;
  }
  if (!('size' in request)) return `${label} ${request.market}`;
  const size = BigInt(request.size);
  const sol = formatSol(size < 0n ? -size : size);
  if (request.kind === 'open') return `${label} ${directionOf(size)} ${sol} ${request.market}`;
  return `${label}: ${size < 0n ? 'sell' : 'buy'} ${sol} ${request.market}`;
}
