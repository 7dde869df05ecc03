/** Velocity's instructions: accounts in order, arguments in order. Markets and oracles follow as remaining accounts. */

import type { WireTable, WireValues } from '../../solana-perps/borsh-table.ts';
import {
  encodeInstruction,
  type InstructionLayout,
  type ProgramInstruction,
  type RemainingAccount,
} from '../../solana-perps/instruction-layout.ts';
import { DIRECTION, MARKET_TYPE, ORDER_TYPE, VELOCITY_PROGRAM_ID } from './accounts.ts';
import { signerAddress, stateAddress } from './addresses.ts';

const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const SYSTEM_PROGRAM = '11111111111111111111111111111111';
const RENT_SYSVAR = 'SysvarRent111111111111111111111111111111111';

/** Accounts that are the same whoever sends the instruction. */
const WELL_KNOWN = {
  state: stateAddress(),
  velocitySigner: signerAddress(),
  tokenProgram: TOKEN_PROGRAM,
  systemProgram: SYSTEM_PROGRAM,
  rent: RENT_SYSVAR,
} as const;

/** `trySettle` lands although nothing could be settled, and logs why. */
const SETTLE_MODE = ['mustSettle', 'trySettle'] as const;
const POST_ONLY = ['none', 'mustPostOnly', 'tryPostOnly', 'slide'] as const;
const TRIGGER_CONDITION = ['above', 'below'] as const;

const ORDER_PARAMS = {
  orderType: ORDER_TYPE,
  marketType: MARKET_TYPE,
  direction: DIRECTION,
  userOrderId: 'u8',
  base: 'u64',
  price: 'u64',
  marketIndex: 'u16',
  reduceOnly: 'bool',
  postOnly: POST_ONLY,
  bitFlags: 'u8',
  maxTs: { option: 'i64' },
  triggerPrice: { option: 'u64' },
  triggerCondition: TRIGGER_CONDITION,
  oraclePriceOffset: { option: 'i64' },
  auctionSlots: { option: 'u8' },
  auctionStartPrice: { option: 'i64' },
  auctionEndPrice: { option: 'i64' },
  builder: { option: 'u8' },
  builderFee: { option: 'u16' },
} as const satisfies WireTable;

const MOVE_ARGS = { marketIndex: 'u16', amount: 'u64', reduceOnly: 'bool' } as const satisfies WireTable;
const FILL_ACCOUNTS = {
  state: 'read',
  authority: 'sign',
  filler: 'write',
  fillerStats: 'write',
  user: 'write',
  userStats: 'write',
} as const;

export const VELOCITY_INSTRUCTIONS = {
  initializeUserStats: {
    name: 'initialize_user_stats',
    accounts: {
      userStats: 'write',
      state: 'write',
      authority: 'read',
      payer: 'pay',
      rent: 'read',
      systemProgram: 'read',
    },
    args: {},
  },
  initializeUser: {
    name: 'initialize_user',
    accounts: {
      user: 'write',
      userStats: 'write',
      state: 'write',
      authority: 'read',
      payer: 'pay',
      rent: 'read',
      systemProgram: 'read',
    },
    args: { subAccount: 'u16', name: { raw: 32 } },
  },
  deposit: {
    name: 'deposit',
    accounts: {
      state: 'read',
      user: 'write',
      userStats: 'write',
      authority: 'sign',
      vault: 'write',
      tokenAccount: 'write',
      tokenProgram: 'read',
    },
    args: MOVE_ARGS,
  },
  withdraw: {
    name: 'withdraw',
    accounts: {
      state: 'read',
      user: 'write',
      userStats: 'write',
      authority: 'sign',
      vault: 'write',
      velocitySigner: 'read',
      tokenAccount: 'write',
      tokenProgram: 'read',
    },
    args: MOVE_ARGS,
  },
  placePerpOrder: {
    name: 'place_perp_order',
    accounts: { state: 'read', user: 'write', authority: 'sign' },
    args: ORDER_PARAMS,
  },
  /** Success condition: 1 a partial fill or 2 a full one, plus the per cent of the auction shifted left by 8. */
  placeAndTakePerpOrder: {
    name: 'place_and_take_perp_order',
    accounts: { state: 'read', user: 'write', userStats: 'write', authority: 'sign' },
    args: { ...ORDER_PARAMS, successCondition: { option: 'u32' } },
  },
  fillPerpOrder: {
    name: 'fill_perp_order',
    accounts: FILL_ACCOUNTS,
    args: { orderId: { option: 'u32' }, makerOrderId: { option: 'u32' } },
  },
  liquidatePerp: {
    name: 'liquidate_perp',
    accounts: FILL_ACCOUNTS,
    args: { marketIndex: 'u16', maxBase: 'u64', limitPrice: { option: 'u64' } },
  },
  cancelOrder: {
    name: 'cancel_order',
    accounts: { state: 'read', user: 'write', authority: 'sign' },
    args: { orderId: { option: 'u32' } },
  },
  cancelOrders: {
    name: 'cancel_orders',
    accounts: { state: 'read', user: 'write', authority: 'sign' },
    args: { marketType: { option: MARKET_TYPE }, marketIndex: { option: 'u16' }, direction: { option: DIRECTION } },
  },
  settlePnl: {
    name: 'settle_pnl',
    accounts: { state: 'read', user: 'write', authority: 'sign', vault: 'read' },
    args: { marketIndex: 'u16' },
  },
  settleMultiplePnls: {
    name: 'settle_multiple_pnls',
    accounts: { state: 'read', user: 'write', authority: 'sign', vault: 'read' },
    args: { marketIndexes: { list: 'u16' }, mode: SETTLE_MODE },
  },
  settleFundingPayment: {
    name: 'settle_funding_payment',
    accounts: { state: 'read', user: 'write' },
    args: {},
  },
  updateFundingRate: {
    name: 'update_funding_rate',
    accounts: { state: 'read', perpMarket: 'write', oracle: 'read' },
    args: { marketIndex: 'u16' },
  },
  updateSpotInterest: {
    name: 'update_spot_market_cumulative_interest',
    accounts: { state: 'read', spotMarket: 'write', oracle: 'read', vault: 'read' },
    args: {},
  },
  updateAmms: {
    name: 'update_amms',
    accounts: { state: 'read', authority: 'sign' },
    args: { marketIndexes: { list: 'u16' } },
  },
} as const satisfies Readonly<Record<string, InstructionLayout>>;

type Instructions = typeof VELOCITY_INSTRUCTIONS;
export type VelocityInstructionName = keyof Instructions;

/** The accounts that this sender must name. */
type OwnAccounts<N extends VelocityInstructionName> = Readonly<
  Record<Exclude<keyof Instructions[N]['accounts'], keyof typeof WELL_KNOWN>, string>
>;

/** @throws RangeError when an argument is not one of its type */
export function velocityInstruction<N extends VelocityInstructionName>(
  name: N,
  accounts: OwnAccounts<N>,
  args: WireValues<Instructions[N]['args']>,
  remaining: readonly RemainingAccount[] = [],
): ProgramInstruction {
  const layout: InstructionLayout = VELOCITY_INSTRUCTIONS[name];
  const all: Readonly<Record<string, string>> = { ...WELL_KNOWN, ...accounts };
  return encodeInstruction(VELOCITY_PROGRAM_ID, layout, all, args as WireValues<WireTable>, remaining);
}

export type VelocityOrderParams = WireValues<typeof ORDER_PARAMS>;

/** An order that says only what it must: the program chooses the rest. */
export const plainOrder = (
  order: Pick<VelocityOrderParams, 'direction' | 'base'> & Partial<VelocityOrderParams>,
): VelocityOrderParams => ({
  orderType: 'market',
  marketType: 'perp',
  userOrderId: 0,
  price: 0n,
  marketIndex: 0,
  reduceOnly: false,
  postOnly: 'none',
  bitFlags: 0,
  maxTs: null,
  triggerPrice: null,
  triggerCondition: 'above',
  oraclePriceOffset: null,
  auctionSlots: null,
  auctionStartPrice: null,
  auctionEndPrice: null,
  builder: null,
  builderFee: null,
  ...order,
});
