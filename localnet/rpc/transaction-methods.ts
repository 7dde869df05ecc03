import type { Block } from '../ledger/block.ts';
import type { TransactionPlace } from '../ledger/ledger.ts';
import type { Node } from '../nodes/node.ts';
import { addressesOf } from '../svm/addresses.ts';
import type { SimulatedExecution } from '../svm/svm.ts';
import { errorText } from '../svm/transaction-error.ts';
import { feeOf } from '../wire/fee.ts';
import { isFullySigned, type ParsedTransaction, parseTransaction, signatureOf } from '../wire/transaction.ts';
import { decodeTransaction } from './decode-transaction.ts';
import { encodeAccount } from './encode-account.ts';
import { checkVersion, encodeInner, encodeMeta, encodeReturnData, encodeTransaction } from './encode-transaction.ts';
import type { Methods } from './methods.ts';
import {
  addressAt,
  blockFor,
  type Config,
  commitmentIn,
  configAt,
  inContext,
  listAt,
  type Params,
  signature,
  signatureAt,
  wholeAt,
} from './params.ts';
import { historyNotAvailable, invalidParams, nodeBehind, preflightFailed, signaturesFailed } from './rpc-error.ts';
import { simulate } from './simulate.ts';

/** A node that is more behind than this refuses preflights and calls itself unhealthy (agave's default). */
export const HEALTHY_SLOTS = 128;
const MAX_STATUSES = 256;
const MAX_SIGNATURES = 1000;

function simulationJson(simulation: SimulatedExecution, addresses: readonly string[], innerInstructions: boolean) {
  return {
    err: simulation.error,
    logs: simulation.logs,
    accounts: null as unknown,
    unitsConsumed: simulation.units,
    returnData: encodeReturnData(simulation.returnData),
    innerInstructions: innerInstructions ? encodeInner(simulation.inner, addresses, true) : null,
  };
}

/** Some methods know nothing of blocks that are only processed. */
export function settledBlock(node: Node, config: Config): Block {
  if (commitmentIn(config) === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
  return blockFor(node, config);
}

function statusOf(node: Node, { landed, block }: TransactionPlace) {
  const commitment = node.commitmentOf(block);
  return {
    slot: block.slot,
    confirmations: commitment === 'finalized' ? null : node.at('processed').height - block.height,
    err: landed.error,
    status: landed.error === null ? { Ok: null } : { Err: landed.error },
    confirmationStatus: commitment,
  };
}

function wantedAccounts(node: Node, at: Block, simulation: SimulatedExecution, wanted: unknown) {
  if (typeof wanted !== 'object' || wanted === null) return null;
  const { addresses, ...config } = wanted as { addresses: unknown; encoding?: string };
  const list = listAt([addresses], 0, 100);
  return list.map((_, index) => {
    const address = addressAt(list, index);
    const account = simulation.accounts.get(address) ?? node.account(address, at);
    return account === null || simulation.error !== null || account.lamports === 0n
      ? null
      : encodeAccount(account, { encoding: 'base64', ...config });
  });
}

/** The same bytes with another blockhash; its signatures then sign nothing. */
function withBlockhash(transaction: ParsedTransaction, { hash }: Block): ParsedTransaction {
  const wire = new Uint8Array(transaction.wire);
  const messageAt = wire.length - transaction.message.length;
  const lengthBytes = 1 + (transaction.keys.length > 127 ? 1 : 0);
  const blockhashAt = messageAt + (transaction.version === 0 ? 4 : 3) + lengthBytes + transaction.keys.length * 32;
  wire.set(hash, blockhashAt);
  return parseTransaction(wire) as ParsedTransaction;
}

function preflight(node: Node, transaction: ParsedTransaction, config: Config): void {
  if (!isFullySigned(transaction)) throw signaturesFailed();
  const behind = node.slotsBehind();
  if (behind > HEALTHY_SLOTS) throw nodeBehind(behind);
  const at = blockFor(node, config, 'preflightCommitment');
  const simulation = simulate(node, at, transaction, { checkSignatures: true, anyBlockhash: false });
  if (simulation.error !== null)
    throw preflightFailed(errorText(simulation.error), simulationJson(simulation, transaction.keys, false));
}

/** Newest first, between two signatures, as far back as this node's history goes. */
function signaturesFor(node: Node, params: Params) {
  const address = addressAt(params, 0);
  const config = configAt(params, 1);
  const upTo = settledBlock(node, config);
  if (!node.hasHistory()) throw historyNotAvailable();
  const { before, until } = config as { before?: string; until?: string };
  const limit = config.limit === undefined ? MAX_SIGNATURES : wholeAt([config.limit], 0);
  if (limit < 1 || limit > MAX_SIGNATURES) throw invalidParams(`Invalid limit; max ${MAX_SIGNATURES}`);
  const found: TransactionPlace[] = [];
  let started = before === undefined;
  for (const landing of [...node.chain.ledger.mentions(address)].sort(newestFirst)) {
    const { signature: name } = landing.landed;
    if (node.find(name, true)?.landed !== landing.landed || landing.block.height > upTo.height) continue;
    if (name === until) break;
    if (started) found.push(landing);
    if (name === before) started = true;
    if (found.length === limit) break;
  }
  return found.map(({ landed, block }) => ({
    signature: landed.signature,
    slot: block.slot,
    err: landed.error,
    memo: null,
    blockTime: block.time,
    confirmationStatus: node.commitmentOf(block),
  }));
}

const newestFirst = (a: TransactionPlace, b: TransactionPlace): number =>
  b.block.slot - a.block.slot || b.landed.index - a.landed.index;

export const TRANSACTION_METHODS: Methods = {
  sendTransaction(node, params, network) {
    const config = configAt(params, 1);
    const transaction = decodeTransaction(params[0], config.encoding);
    if (config.skipPreflight !== true) preflight(node, transaction, config);
    const retries = config.maxRetries;
    network.submit(node.name, transaction, typeof retries === 'number' ? retries : null);
    return signatureOf(transaction);
  },

  simulateTransaction(node, params) {
    const config = configAt(params, 1);
    const checkSignatures = config.sigVerify === true;
    const replace = config.replaceRecentBlockhash === true;
    if (checkSignatures && replace) throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
    const sent = decodeTransaction(params[0], config.encoding);
    const at = blockFor(node, config);
    if (checkSignatures && !isFullySigned(sent)) throw signaturesFailed();
    const transaction = replace ? withBlockhash(sent, at) : sent;
    const simulation = simulate(node, at, transaction, { checkSignatures, anyBlockhash: replace });
    const { all } = addressesOf(transaction, (address) => node.account(address, at));
    const lastValidBlockHeight = node.chain.lastValidBlockHeight(at);
    return inContext(at, {
      ...simulationJson(simulation, all, config.innerInstructions === true),
      accounts: wantedAccounts(node, at, simulation, config.accounts),
      ...(replace ? { replacementBlockhash: { blockhash: at.blockhash, lastValidBlockHeight } } : {}),
    });
  },

  getSignatureStatuses(node, params) {
    const signatures = listAt(params, 0, MAX_STATUSES).map(signature);
    const search = configAt(params, 1).searchTransactionHistory === true;
    if (search && !node.hasHistory()) throw historyNotAvailable();
    const value = signatures.map((one) => {
      const landing = node.find(one, search);
      return landing === null ? null : statusOf(node, landing);
    });
    return inContext(node.at('processed'), value);
  },

  getTransaction(node, params) {
    const name = signatureAt(params, 0);
    const config = configAt(params, 1);
    const upTo = settledBlock(node, config);
    if (!node.hasHistory()) throw historyNotAvailable();
    const landing = node.find(name, true);
    if (landing === null || landing.block.height > upTo.height) return null;
    const { transaction } = landing.landed;
    const most = config.maxSupportedTransactionVersion;
    checkVersion(transaction, most);
    return {
      slot: landing.block.slot,
      blockTime: landing.block.time,
      meta: encodeMeta(landing, config.encoding),
      transaction: encodeTransaction(landing, config.encoding),
      ...(typeof most === 'number' ? { version: transaction.version } : {}),
    };
  },

  getSignaturesForAddress: signaturesFor,

  getFeeForMessage(node, params) {
    const bytes = Buffer.from(typeof params[0] === 'string' ? params[0] : '', 'base64');
    // A message alone: as many empty signatures before it as it says that it needs.
    const count = bytes[0] === 0x80 ? bytes[1] : bytes[0];
    const wire = Buffer.concat([Uint8Array.of(count ?? 0), new Uint8Array(64 * (count ?? 0)), bytes]);
    const transaction = parseTransaction(new Uint8Array(wire));
    if (transaction === null) throw invalidParams('failed to deserialize the message');
    const at = blockFor(node, configAt(params, 1));
    const known = node.chain.isBlockhashValid(transaction.recentBlockhash, at);
    return inContext(at, known ? feeOf(transaction) : null);
  },

  requestAirdrop(node, params, network) {
    const transaction = node.chain.airdrop(addressAt(params, 0), BigInt(wholeAt(params, 1)));
    network.submit(node.name, transaction, null);
    return signatureOf(transaction);
  },
};
