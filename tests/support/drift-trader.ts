/**
 * Someone who trades on the real Drift program: instructions of the SDK, put straight into the local chain's queue, in
 * a chain whose time stands still between them.
 */
import { BN, BulkAccountLoader, DriftClient, getMarketOrderParams, PositionDirection } from '@drift-labs/sdk';
import { PublicKey, TransactionInstruction } from '@solana/web3.js';
import type { DriftLocalnet } from '../../localnet/drift/index.ts';
import { Sender } from '../../localnet/perps/sender.ts';
import { clientConfig, connectionTo, type DriftPlace, sol, usdc } from '../../localnet/tests/support/drift-client.ts';
import { TOKEN_PROGRAM } from '../../localnet/token.ts';

const USDC_INDEX = 0;
const SOL_INDEX = 1;
const AUCTION_SLOTS = 10;
/** An auction, the keeper's first try, and a few more. */
const FILL_SLOTS = 45;
/** How far from the oracle an order of ours may fill. */
const SLIPPAGE = 0.02;

const CLOSE_ACCOUNT = 9;

const closeTokenAccount = (account: PublicKey, owner: PublicKey): TransactionInstruction =>
  new TransactionInstruction({
    programId: new PublicKey(TOKEN_PROGRAM),
    keys: [
      { pubkey: account, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: false, isWritable: true },
      { pubkey: owner, isSigner: true, isWritable: false },
    ],
    data: Buffer.of(CLOSE_ACCOUNT),
  });

export interface Landed {
  readonly error: unknown;
  readonly logs: readonly string[];
}

/** The SDK's own client, which fetches only on request. */
export async function polledClient(net: DriftPlace): Promise<DriftClient> {
  const connection = connectionTo(net);
  const client = new DriftClient({
    ...clientConfig(net, connection),
    accountSubscription: { type: 'polling', accountLoader: new BulkAccountLoader(connection, 'confirmed', 0) },
    txVersion: 'legacy',
  });
  await client.subscribe();
  return client;
}

export class DriftTrader {
  readonly net: DriftLocalnet;
  readonly client: DriftClient;
  readonly #sender: Sender;

  private constructor(net: DriftLocalnet, client: DriftClient) {
    this.net = net;
    this.client = client;
    this.#sender = new Sender(net.chain);
  }

  /** With an account that is empty. */
  static async open(net: DriftLocalnet): Promise<DriftTrader> {
    // The chain's first state must be confirmed before it can be read.
    await net.advance(5);
    const trader = new DriftTrader(net, await polledClient(net));
    const [initialize] = await trader.client.getInitializeUserAccountIxs(0);
    await trader.send(initialize);
    await trader.client.addUser(0);
    return trader;
  }

  /** Everything of the SDK as the chain has it now. */
  async refresh(): Promise<void> {
    await this.client.fetchAccounts();
    await this.client.getUser().fetchAccounts();
  }

  async depositUsdc(dollars: number): Promise<Landed> {
    const account = await this.client.getAssociatedTokenAccount(USDC_INDEX);
    return await this.send([await this.client.getDepositInstruction(usdc(dollars), USDC_INDEX, account)]);
  }

  async depositSol(amount: number): Promise<Landed> {
    return await this.#withWrapped(sol(amount), (account) =>
      this.client.getDepositInstruction(sol(amount), SOL_INDEX, account),
    );
  }

  async withdrawSol(amount: number): Promise<Landed> {
    await this.refresh();
    return await this.#withWrapped(sol(0), (account) =>
      this.client.getWithdrawIx(sol(amount), SOL_INDEX, account, false),
    );
  }

  async withdrawUsdc(dollars: number): Promise<Landed> {
    await this.refresh();
    const account = await this.client.getAssociatedTokenAccount(USDC_INDEX);
    return await this.send([await this.client.getWithdrawIx(usdc(dollars), USDC_INDEX, account, false)]);
  }

  /** A market order of so much SOL, a short negative, and the time for a keeper to fill it. */
  async trade(size: number): Promise<Landed> {
    const landed = await this.place(size);
    await this.net.advance(FILL_SLOTS);
    return landed;
  }

  async place(size: number, seconds = 60): Promise<Landed> {
    await this.refresh();
    const oracle = this.net.oracles.sol.price;
    const towards = oracle * (1 + Math.sign(size) * SLIPPAGE);
    const order = getMarketOrderParams({
      marketIndex: 0,
      direction: size > 0 ? PositionDirection.LONG : PositionDirection.SHORT,
      baseAssetAmount: sol(Math.abs(size)),
      auctionDuration: AUCTION_SLOTS,
      auctionStartPrice: usdc(oracle),
      auctionEndPrice: usdc(towards),
      price: usdc(towards),
      maxTs: new BN(this.net.chain.head.time + seconds),
    });
    return await this.send([await this.client.getPlacePerpOrderIx(order)]);
  }

  async settle(): Promise<Landed> {
    await this.refresh();
    const user = this.client.getUser();
    return await this.send([await this.client.settlePNLIx(user.getUserAccountPublicKey(), user.getUserAccount(), 0)]);
  }

  async updateFunding(): Promise<Landed> {
    const { oracle } = this.client.getPerpMarketAccount(0)?.amm ?? {};
    if (oracle === undefined) throw new RangeError('the client knows no SOL-PERP');
    return await this.send([await this.client.getUpdateFundingRateIx(0, oracle)]);
  }

  /** The oracle from the next block on. */
  async price(usd: number): Promise<void> {
    this.net.oracles.sol.follow({ kind: 'fixed', price: usd });
    await this.net.advance(1);
  }

  async later(seconds: number): Promise<void> {
    this.net.jump({ seconds });
    await this.net.advance(1);
  }

  async send(instructions: readonly TransactionInstruction[]): Promise<Landed> {
    const signature = this.#sender.send(this.net.wallet, instructions);
    for (let slot = 0; slot < 10; slot += 1) {
      await this.net.advance(1);
      const landed = this.#sender.landing(signature);
      if (landed !== null) {
        // Confirmed, so that who reads at confirmed sees it.
        await this.net.advance(3);
        return { error: landed.error, logs: landed.logs };
      }
    }
    throw new Error('a transaction did not land in ten slots');
  }

  async #withWrapped(
    amount: BN,
    use: (account: Awaited<ReturnType<DriftClient['getAssociatedTokenAccount']>>) => Promise<TransactionInstruction>,
  ): Promise<Landed> {
    const { ixs, pubkey } = await this.client.getWrappedSolAccountCreationIxs(amount, true);
    return await this.send([
      ...ixs,
      await use(pubkey),
      closeTokenAccount(new PublicKey(pubkey), new PublicKey(this.net.wallet.address)),
    ]);
  }
}
