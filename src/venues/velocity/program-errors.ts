/**
 * The program's errors that our transactions can meet: their names, what they mean for us, and what to do. Each sentence
 * follows "Velocity refused the transaction: Name (number)". Numbers up to 6367 are those of the build that accounts.ts
 * names; the others belong to later builds.
 */

interface ProgramError {
  readonly name: string;
  readonly text: string;
}

const ERRORS: Readonly<Record<number, readonly [name: string, text: string]>> = {
  2001: ['ConstraintHasOne', 'this key may trade for the account but not withdraw; only its owner can'],
  6002: ['InsufficientDeposit', 'the amount is zero or nothing is there to withdraw'],
  6003: [
    'InsufficientCollateral',
    'the margin of the account does not allow this; trade or withdraw less, or deposit first',
  ],
  6007: ['MarketDelisted', 'the market is delisted'],
  6010: ['UserHasNoPositionInMarket', 'the account has no position in this market'],
  6022: ['UnableToLoadOracle', 'the oracle cannot be read; try again later'],
  6023: [
    'PriceBandsBreached',
    'the oracle is too far from its average of five minutes; wait until the two have come together',
  ],
  6024: ['ExchangePaused', 'the administrators have paused this for everybody; wait until they allow it again'],
  6035: [
    'InvalidOracle',
    'an oracle is too old or too uncertain, and the account owes something; repay the debt, or wait for a new price',
  ],
  6036: ['OracleNotFound', 'the account has come to stand in another market since it was read; try again'],
  6038: ['MaxDeposit', 'the market takes no more deposits of this asset; deposit less or another asset'],
  6045: [
    'InvalidOrderForInitialMarginReq',
    'the margin of the account does not allow this order; trade less, or deposit first',
  ],
  6046: ['InvalidOrderNotRiskReducing', 'the market is reduce-only, so positions can only be reduced'],
  6056: ['InvalidOrderMinOrderSize', 'the order is below the smallest size of the market; trade more at once'],
  6059: ['OrderAmountTooSmall', 'the order is below one step of the market; trade more at once'],
  6060: ['MaxNumberOfOrders', 'the account has as many open orders as it can hold; cancel some first'],
  6061: [
    'OrderDoesNotExist',
    'the time of the order had passed before it landed, so nothing was placed; order it again',
  ],
  6064: [
    'ReduceOnlyOrderIncreasedRisk',
    'the order would not reduce the position; look at the position and order again',
  ],
  6078: ['PerpMarketNotFound', 'the account has come to stand in another market since it was read; try again'],
  6087: ['SpotMarketNotFound', 'the account has come to hold another asset since it was read; try again'],
  6092: [
    'SpotMarketInsufficientDeposits',
    'what others deposited of this asset is lent out; withdraw less, or wait until debts are repaid',
  ],
  6095: [
    'InsufficientCollateralForSettlingPNL',
    'settling this loss would leave less than the maintenance margin; deposit or reduce the position first',
  ],
  6096: [
    'AMMNotUpdatedInSameSlot',
    'the oracle is away from its average and the AMM was not brought up to date in this slot; try again',
  ],
  6117: [
    'UserIsBeingLiquidated',
    'the account is being liquidated, so nothing may be added; deposit, or reduce the position',
  ],
  6125: ['UserBankrupt', 'the account is bankrupt, so it can do nothing until its debts are resolved'],
  6128: [
    'DailyWithdrawLimit',
    'the market allows only so much to leave it a day, and others have taken their part; withdraw less, or wait some hours',
  ],
  6146: ['MarketActionPaused', 'the market has paused this; wait until it allows it again'],
  6147: [
    'MarketPlaceOrderPaused',
    'the market takes no orders in its present status; where it is being settled, settle PnL closes the position',
  ],
  6148: ['MarketFillOrderPaused', 'the market fills no orders now; wait until it does again'],
  6149: ['MarketWithdrawPaused', 'the market of this asset has paused withdrawals; wait until it allows them again'],
  6153: ['ReduceOnlyWithdrawIncreasedRisk', 'this withdrawal would add to a debt; withdraw at most what is deposited'],
  6154: [
    'MaxOpenInterest',
    'the open interest of the market is above its cap, and the program then fills nothing, not even what closes a position; wait until others close or the cap is raised',
  ],
  6157: ['MarginTradingDisabled', 'the account does not allow margin, and this would borrow'],
  6158: [
    'InvalidMarketStatusToSettlePnl',
    'the market settles no PnL in its present status, so a gain stays in the position until it does; nothing is lost',
  ],
  6213: ['MarketBeingInitialized', 'the market is not open yet'],
  6250: ['SpotMarketReduceOnly', 'the market of this asset is reduce-only'],
  6251: ['FundingWasNotUpdated', 'the funding rate could not be updated now'],
  6254: ['UserReduceOnly', 'the administrators have made this account reduce-only; it can only reduce its position'],
  6256: [
    'CantPayUserInitFee',
    'the wallet cannot pay the fee that opening an account costs now; add SOL to the wallet',
  ],
  6259: ['NoUnsettledPnl', 'there is nothing to settle, or the PnL pool of the market is empty'],
  6260: ['PnlPoolCantSettleUser', 'the PnL pool of the market cannot pay now; the gain stays in the position'],
  6261: ['OracleNonPositive', 'the oracle has no price; try again later'],
  6262: ['OracleTooVolatile', 'the oracle is too far from its average; try again later'],
  6263: ['OracleTooUncertain', 'the oracle is too uncertain; try again later'],
  6264: ['OracleStaleForMargin', 'the oracle is too old for margin; try again later'],
  6265: ['OracleInsufficientDataPoints', 'the oracle rests on too few prices; try again later'],
  6266: ['OracleStaleForAMM', 'the oracle is too old for the AMM; try again later'],
  6268: ['MaxBorrows', 'the market lends no more of this asset'],
  6289: [
    'PlaceAndTakeOrderSuccessConditionFailed',
    'nothing was filled where the order landed, because the oracle was posted in another slot or the AMM is paused; try again',
  ],
  6350: ['SpotDlobTradingDisabled', 'orders for spot assets are not possible here'],
  6358: [
    'EquityBelowFloor',
    "the account's equity is below the floor that its owner has set (in later builds: the floor and a buffer above it), or the floor's breaker has tripped, so nothing may leave or be added, while a position can still be reduced; deposit, or let the owner lower the floor and reset the breaker",
  ],
  6364: ['DailyDepositLimit', 'the market takes only so many deposits a day; deposit less, or wait some hours'],
  6371: [
    'SpotMarketInterestStaleForMargin',
    'the interest of a debt was not booked in this transaction; try again, and it is booked first',
  ],
  6377: ['OrderPlacedOnClob', 'the order rests on the order book of a later version of the program; cancel it there'],
};

const BY_NUMBER: ReadonlyMap<number, ProgramError> = new Map(
  Object.entries(ERRORS).map(([number, [name, text]]) => [Number(number), { name, text }]),
);

/** Null: not one that we know. */
export const velocityError = (number: number): ProgramError | null => BY_NUMBER.get(number) ?? null;
