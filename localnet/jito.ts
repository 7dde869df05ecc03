import type { IncomingMessage } from 'node:http';
import { JITO } from './faults/rule.ts';
import type { TransactionPlace } from './ledger/ledger.ts';
import { type FaultyNetwork, lateness } from './network.ts';
import type { Node } from './nodes/node.ts';
import { decodeTransaction } from './rpc/decode-transaction.ts';
import { configAt, inContext, listAt, type Params } from './rpc/params.ts';
import { invalidParams, methodNotFound } from './rpc/rpc-error.ts';
import { isFullySigned, isWritable, type ParsedTransaction, signatureOf } from './wire/transaction.ts';

/** The eight accounts of mainnet's block engine. */
export const TIP_ACCOUNTS: readonly string[] = [
  '96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5',
  'HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe',
  'Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY',
  'ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49',
  'DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh',
  'ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt',
  'DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL',
  '3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT',
];
const MAX_BUNDLE = 5;
const MAX_IDS = 5;

/** The block engine: bundles of at most five land whole and in order, or not at all; without a tip they are refused. */
export class BlockEngine {
  readonly #node: Node;
  readonly #network: FaultyNetwork;

  /** @param node whose view says what has landed */
  constructor(node: Node, network: FaultyNetwork) {
    this.#node = node;
    this.#network = network;
  }

  perform(method: string, params: unknown, request: IncomingMessage): unknown {
    const list = Array.isArray(params) ? (params as Params) : [];
    if (method === 'sendBundle') return this.#sendBundle(list);
    if (method === 'sendTransaction') return this.#sendTransaction(list, request);
    if (method === 'getTipAccounts') return TIP_ACCOUNTS;
    if (method === 'getBundleStatuses') return this.#statuses(list);
    if (method === 'getInflightBundleStatuses') return this.#inflight(list);
    throw methodNotFound();
  }

  #sendBundle(params: Params): string {
    const { encoding } = configAt(params, 1);
    const transactions = listAt(params, 0, MAX_BUNDLE).map((one) => decodeTransaction(one, encoding));
    return this.#bundle(transactions);
  }

  #bundle(transactions: readonly ParsedTransaction[]): string {
    if (transactions.length === 0) throw invalidParams('bundle contains no transactions');
    if (!transactions.every(isFullySigned)) throw invalidParams('bundle contains a transaction with a bad signature');
    if (new Set(transactions.map(signatureOf)).size !== transactions.length)
      throw invalidParams('bundle contains duplicate transactions');
    if (!transactions.some(writesTipAccount))
      throw invalidParams('Bundles must write lock at least one tip account to be eligible for the auction.');
    const rules = this.#network.rulesFor(JITO, transactions);
    const lost = rules.some(({ kind }) => kind === 'drop');
    const { chain } = this.#node;
    return chain.bundles.add(transactions, chain.slot + 1 + lateness(rules), lost).id;
  }

  /** With `bundleOnly=true` a bundle of one: it lands without an error or not at all. Without it, like every other transaction. */
  #sendTransaction(params: Params, request: IncomingMessage): string {
    const transaction = decodeTransaction(params[0], configAt(params, 1).encoding);
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.searchParams.get('bundleOnly') === 'true') this.#bundle([transaction]);
    else this.#network.submit(JITO, transaction, null);
    return signatureOf(transaction);
  }

  #statuses(params: Params) {
    const at = this.#node.at('processed');
    const value = listAt(params, 0, MAX_IDS).map((id) => {
      const landings = this.#landings(String(id));
      const [first] = landings ?? [];
      return landings === null || first === undefined
        ? null
        : {
            bundle_id: id,
            transactions: landings.map(({ landed }) => landed.signature),
            slot: first.block.slot,
            confirmation_status: this.#node.commitmentOf(first.block),
            err: { Ok: null },
          };
    });
    return inContext(at, value);
  }

  #inflight(params: Params) {
    const value = listAt(params, 0, MAX_IDS).map((id) => {
      const bundle = this.#node.chain.bundles.find(String(id));
      const landed = this.#landings(String(id))?.[0] ?? null;
      if (bundle === null) return { bundle_id: id, status: 'Invalid', landed_slot: null };
      const status = landed !== null ? 'Landed' : bundle.state === 'pending' ? 'Pending' : 'Failed';
      return { bundle_id: id, status, landed_slot: landed?.block.slot ?? null };
    });
    return inContext(this.#node.at('processed'), value);
  }

  /** Null unless the whole bundle is on the fork that counts. */
  #landings(id: string): TransactionPlace[] | null {
    const bundle = this.#node.chain.bundles.find(id);
    const found = bundle?.transactions.map((one) => this.#node.find(signatureOf(one), true)) ?? [null];
    return found.includes(null) ? null : (found as TransactionPlace[]);
  }
}

const writesTipAccount = (transaction: ParsedTransaction): boolean =>
  transaction.keys.some((key, index) => TIP_ACCOUNTS.includes(key) && isWritable(transaction, index));
