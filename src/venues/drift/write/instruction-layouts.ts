/**
 * The instructions that we send to Drift, by tables of our own. The SDK builds them; the remote signer reads them back by
 * these, so that a mistake on one side is a refusal and no signature. Names as in Velocity's table: one reader judges both.
 */
import type { WireTable } from '../../solana-perps/borsh-table.ts';
import type { InstructionLayout } from '../../solana-perps/instruction-layout.ts';

const ORDER_TYPE = ['market', 'limit', 'triggerMarket', 'triggerLimit', 'oracle'] as const;
const MARKET_TYPE = ['spot', 'perp'] as const;
const DIRECTION = ['long', 'short'] as const;
const POST_ONLY = ['none', 'mustPostOnly', 'tryPostOnly', 'slide'] as const;
const TRIGGER_CONDITION = ['above', 'below', 'triggeredAbove', 'triggeredBelow'] as const;
const SETTLE_MODE = ['mustSettle', 'trySettle'] as const;

const MOVE_ARGS = { marketIndex: 'u16', amount: 'u64', reduceOnly: 'bool' } as const satisfies WireTable;
const ORDER_ACCOUNTS = { state: 'read', user: 'write', authority: 'sign' } as const;

export const DRIFT_INSTRUCTION_LAYOUTS = {
  initializeUserStats: {
    name: 'initialize_user_stats',
    accounts: {
      userStats: 'write',
      state: 'write',
      authority: 'sign',
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
      authority: 'sign',
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
      programSigner: 'read',
      tokenAccount: 'write',
      tokenProgram: 'read',
    },
    args: MOVE_ARGS,
  },
  placePerpOrder: {
    name: 'place_perp_order',
    accounts: ORDER_ACCOUNTS,
    args: {
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
      oraclePriceOffset: { option: 'i32' },
      auctionSlots: { option: 'u8' },
      auctionStartPrice: { option: 'i64' },
      auctionEndPrice: { option: 'i64' },
    },
  },
  cancelOrders: {
    name: 'cancel_orders',
    accounts: ORDER_ACCOUNTS,
    args: { marketType: { option: MARKET_TYPE }, marketIndex: { option: 'u16' }, direction: { option: DIRECTION } },
  },
  settleFundingPayment: {
    name: 'settle_funding_payment',
    accounts: { state: 'read', user: 'write' },
    args: {},
  },
  settleMultiplePnls: {
    name: 'settle_multiple_pnls',
    accounts: { state: 'read', user: 'write', authority: 'sign', vault: 'read' },
    args: { marketIndexes: { list: 'u16' }, mode: SETTLE_MODE },
  },
} as const satisfies Readonly<Record<string, InstructionLayout>>;
