/**
 * The events of a program of this family, unchanged. Amounts: micro-USD for quote, lamports for perp base, the
 * token's base units for spot; prices 1e-6 USD; rates quote per base at 1e9. Times are the chain's, in milliseconds.
 * A field that a version of the program does not log is null.
 */

export type PositionDirection = 'long' | 'short' | 'unknown';
type MarketKind = 'spot' | 'perp' | 'unknown';

/** One side's order after the action. */
export interface OrderSide {
  readonly user: string;
  readonly orderId: number;
  readonly direction: PositionDirection;
  readonly size: bigint;
  readonly filledBase: bigint;
  readonly filledQuote: bigint;
}

interface OrderActed {
  readonly tsMs: number;
  /** Why, in the program's words, e.g. `order_filled_with_amm`, `liquidation`, `order_expired`. */
  readonly explanation: string;
  readonly marketIndex: number;
  readonly marketKind: MarketKind;
  readonly filler: string | null;
  readonly fillerReward: bigint | null;
  /** Null: the AMM. */
  readonly taker: OrderSide | null;
  readonly maker: OrderSide | null;
  readonly oraclePrice: bigint;
}

export interface FillEvent extends OrderActed {
  readonly kind: 'fill';
  readonly fillRecordId: bigint | null;
  readonly base: bigint;
  readonly quote: bigint;
  /** Paid by the taker, positive; null if there is no taker. */
  readonly takerFee: bigint | null;
  /** Negative: a rebate. */
  readonly makerFee: bigint | null;
}

export interface OrderActionEvent extends OrderActed {
  readonly kind: 'order_action';
  readonly action: 'place' | 'cancel' | 'trigger' | 'expire' | 'unknown';
}

interface OrderPlacedEvent {
  readonly kind: 'order_placed';
  readonly tsMs: number;
  readonly user: string;
  readonly orderId: number;
  readonly userOrderId: number;
  readonly marketIndex: number;
  readonly marketKind: MarketKind;
  readonly orderType: string;
  readonly direction: PositionDirection;
  readonly slot: number;
  readonly price: bigint;
  readonly size: bigint;
  readonly reduceOnly: boolean;
  /** Null: none. */
  readonly maxTsMs: number | null;
  readonly auctionStartPrice: bigint;
  readonly auctionEndPrice: bigint;
  readonly auctionDurationSlots: number;
}

export interface FundingEvent {
  readonly kind: 'funding';
  readonly tsMs: number;
  readonly user: string;
  readonly marketIndex: number;
  /** Positive: received. */
  readonly payment: bigint;
  readonly baseAmount: bigint;
  /** The position's cumulative rate before the payment, which covers the periods since then. */
  readonly lastCumulativeRate: bigint;
  readonly cumulativeRateLong: bigint;
  readonly cumulativeRateShort: bigint;
}

/** One funding period of a market has ended. */
interface FundingRateEvent {
  readonly kind: 'funding_rate';
  readonly tsMs: number;
  readonly recordId: bigint;
  readonly marketIndex: number;
  readonly rate: bigint;
  readonly rateLong: bigint;
  readonly rateShort: bigint;
  readonly cumulativeRateLong: bigint;
  readonly cumulativeRateShort: bigint;
  readonly oraclePriceTwap: bigint;
  readonly markPriceTwap: bigint;
}

export interface SettleEvent {
  readonly kind: 'settle';
  readonly tsMs: number;
  readonly user: string;
  readonly marketIndex: number;
  /** Moved to the quote balance; negative: taken from it. */
  readonly pnl: bigint;
  readonly baseAmount: bigint;
  readonly quoteAmountAfter: bigint;
  readonly quoteEntryAmount: bigint;
  readonly settlePrice: bigint;
  /** `none`, or `expired_position`: the market has ended, and the position of `baseAmount` was closed at `settlePrice`. */
  readonly explanation: string;
}

interface DepositEvent {
  readonly kind: 'deposit' | 'withdraw';
  readonly tsMs: number;
  readonly authority: string;
  readonly user: string;
  readonly recordId: bigint;
  readonly amount: bigint;
  readonly marketIndex: number;
  readonly oraclePrice: bigint;
  readonly cumulativeDepositInterest: bigint;
  readonly cumulativeBorrowInterest: bigint;
  /** `none`, `transfer` (from or to `transferUser`), `borrow`, `repay_borrow`, `reward`. */
  readonly explanation: string;
  readonly transferUser: string | null;
  /** Null also where the version does not log it. */
  readonly signer: string | null;
}

interface LiquidationEvent {
  readonly kind: 'liquidation';
  readonly tsMs: number;
  readonly liquidationType:
    | 'perp'
    | 'spot'
    | 'borrow_for_perp_pnl'
    | 'perp_pnl_for_deposit'
    | 'perp_bankruptcy'
    | 'spot_bankruptcy'
    | 'unknown';
  readonly user: string;
  readonly liquidator: string;
  readonly marginRequirement: bigint;
  readonly totalCollateral: bigint;
  readonly liquidationId: number;
  readonly bankrupt: boolean;
  readonly cancelledOrderIds: readonly number[];
  /** The change of the user's position; all zero unless the liquidation is of this type. */
  readonly perp: {
    readonly marketIndex: number;
    readonly oraclePrice: bigint;
    readonly base: bigint;
    readonly quote: bigint;
    readonly fillRecordId: bigint;
    readonly liquidatorFee: bigint;
    readonly insuranceFee: bigint;
  };
}

interface InterestEvent {
  readonly kind: 'interest';
  readonly tsMs: number;
  readonly marketIndex: number;
  readonly cumulativeDepositInterest: bigint;
  readonly cumulativeBorrowInterest: bigint;
}

interface NewUserEvent {
  readonly kind: 'new_user';
  readonly tsMs: number;
  readonly authority: string;
  readonly user: string;
  readonly subAccount: number;
}

interface SwapEvent {
  readonly kind: 'swap';
  readonly tsMs: number;
  readonly user: string;
  readonly amountOut: bigint;
  readonly amountIn: bigint;
  readonly outMarketIndex: number;
  readonly inMarketIndex: number;
  readonly fee: bigint;
}

/** A known event with an unknown layout (another program version). It must never count as no event. */
interface UnreadableEvent {
  readonly kind: 'unreadable';
  readonly name: string;
  readonly reason: string;
}

export type PerpsEvent =
  | FillEvent
  | OrderActionEvent
  | OrderPlacedEvent
  | FundingEvent
  | FundingRateEvent
  | SettleEvent
  | DepositEvent
  | LiquidationEvent
  | InterestEvent
  | NewUserEvent
  | SwapEvent
  | UnreadableEvent;

export interface PerpsEvents {
  /** In the order of the log; the index identifies an event within the transaction. */
  readonly events: readonly PerpsEvent[];
  /** The node cut the log off, so there may be more events. */
  readonly truncated: boolean;
}
