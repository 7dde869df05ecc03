import type { Block } from '../ledger/block.ts';
import type { Node } from '../nodes/node.ts';
import { computeRequest } from '../wire/fee.ts';
import { isWritable } from '../wire/transaction.ts';
import { checkVersion, encodeMeta, encodeTransaction } from './encode-transaction.ts';
import type { Methods } from './methods.ts';
import { blockFor, type Config, configAt, inContext, listAt, type Params, wholeAt } from './params.ts';
import { blockCleanedUp, blockNotAvailable, historyNotAvailable, invalidParams, slotSkipped } from './rpc-error.ts';
import { settledBlock } from './transaction-methods.ts';

const MAX_BLOCK_RANGE = 500_000;
const PRIORITY_FEE_BLOCKS = 150;

/** @throws RpcError that says why there is none: cleaned up, not yet, or skipped */
function blockOf(node: Node, slot: number, upTo: Block): Block {
  const first = node.firstAvailable();
  if (slot < first) throw blockCleanedUp(slot, first);
  if (slot > upTo.slot) throw blockNotAvailable(slot);
  const block = node.blockAt(slot);
  if (block === null) throw slotSkipped(slot);
  return block;
}

function blockJson(node: Node, block: Block, config: Config) {
  const { transactionDetails = 'full', rewards = true, encoding } = config;
  const landings = block.transactions.map((landed) => ({ landed, block }));
  if (transactionDetails === 'full' || transactionDetails === 'accounts')
    for (const { landed } of landings) checkVersion(landed.transaction, config.maxSupportedTransactionVersion);
  const version = (one: (typeof landings)[number]) =>
    typeof config.maxSupportedTransactionVersion === 'number' ? { version: one.landed.transaction.version } : {};
  return {
    blockhash: block.blockhash,
    previousBlockhash: block.parent?.blockhash ?? '11111111111111111111111111111111',
    parentSlot: block.parent?.slot ?? 0,
    blockHeight: block.height,
    blockTime: block.time,
    ...(transactionDetails === 'signatures'
      ? { signatures: landings.map(({ landed }) => landed.signature) }
      : transactionDetails === 'none'
        ? {}
        : {
            transactions: landings.map((one) => ({
              meta: encodeMeta(one, encoding),
              transaction: transactionDetails === 'accounts' ? accountsJson(one) : encodeTransaction(one, encoding),
              ...version(one),
            })),
          }),
    ...(rewards === true ? { rewards: [rewardOf(node, block)] } : {}),
  };
}

function accountsJson({ landed }: { landed: Block['transactions'][number] }) {
  const { transaction, addresses, loaded } = landed;
  return {
    signatures: transaction.signatures,
    accountKeys: addresses.map((pubkey, index) => ({
      pubkey,
      signer: index < transaction.requiredSignatures,
      source: index < transaction.keys.length ? 'transaction' : 'lookupTable',
      writable: index < transaction.keys.length ? isWritable(transaction, index) : loaded.writable.includes(pubkey),
    })),
  };
}

/** Validators share the fees; here they are burned, so the leader's reward is nothing. */
const rewardOf = (node: Node, block: Block) => ({
  pubkey: node.chain.validator.address,
  lamports: 0,
  postBalance: node.account(node.chain.validator.address, block)?.lamports ?? 0n,
  rewardType: 'Fee',
  commission: null,
});

function blocksBetween(node: Node, first: number, last: number): number[] {
  if (last - first > MAX_BLOCK_RANGE) throw invalidParams(`Slot range too large; max ${MAX_BLOCK_RANGE}`);
  const slots: number[] = [];
  for (let slot = Math.max(first, node.firstAvailable()); slot <= last; slot++)
    if (node.blockAt(slot) !== null) slots.push(slot);
  return slots;
}

/** Per block the least that a transaction paid which wrote all of these accounts, 0 where none did. */
function recentFees(node: Node, params: Params) {
  const accounts = params[0] === undefined ? [] : listAt(params, 0, 128).map(String);
  const fees: { slot: number; prioritizationFee: bigint }[] = [];
  let at: Block | null = node.at('processed');
  for (let i = 0; i < PRIORITY_FEE_BLOCKS && at !== null; i++, at = at.parent) {
    const paid = at.transactions
      .filter(({ transaction, addresses, loaded }) => {
        if (transaction.keys[0] === node.chain.validator.address) return false;
        const writes = (address: string) => {
          const index = addresses.indexOf(address);
          return index < transaction.keys.length
            ? index >= 0 && isWritable(transaction, index)
            : loaded.writable.includes(address);
        };
        return accounts.every(writes);
      })
      .map(({ transaction }) => computeRequest(transaction).microLamportsPerUnit);
    const least = paid.reduce<bigint | null>((min, fee) => (min === null || fee < min ? fee : min), null);
    fees.unshift({ slot: at.slot, prioritizationFee: least ?? 0n });
  }
  return fees;
}

export const BLOCK_METHODS: Methods = {
  getLatestBlockhash(node, params) {
    const block = blockFor(node, configAt(params, 0));
    const lastValidBlockHeight = node.chain.lastValidBlockHeight(block);
    return inContext(block, { blockhash: block.blockhash, lastValidBlockHeight });
  },

  isBlockhashValid(node, params) {
    const block = blockFor(node, configAt(params, 1));
    return inContext(block, node.chain.isBlockhashValid(String(params[0]), block));
  },

  getSlot: (node, params) => blockFor(node, configAt(params, 0)).slot,
  getBlockHeight: (node, params) => blockFor(node, configAt(params, 0)).height,

  getBlock(node, params) {
    const config = configAt(params, 1);
    const upTo = settledBlock(node, config);
    if (!node.hasHistory()) throw historyNotAvailable();
    return blockJson(node, blockOf(node, wholeAt(params, 0), upTo), config);
  },

  getBlocks(node, params) {
    const hasEnd = typeof params[1] === 'number';
    const upTo = settledBlock(node, configAt(params, hasEnd ? 2 : 1));
    return blocksBetween(node, wholeAt(params, 0), Math.min(hasEnd ? wholeAt(params, 1) : upTo.slot, upTo.slot));
  },

  getBlocksWithLimit(node, params) {
    const upTo = settledBlock(node, configAt(params, 2));
    return blocksBetween(node, wholeAt(params, 0), upTo.slot).slice(0, wholeAt(params, 1));
  },

  getBlockTime: (node, params) => blockOf(node, wholeAt(params, 0), node.at('processed')).time,
  getFirstAvailableBlock: (node) => node.firstAvailable(),
  minimumLedgerSlot: (node) => node.firstAvailable(),
  getRecentPrioritizationFees: recentFees,
};
