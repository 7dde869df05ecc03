import { describe, expect, it } from '@jest/globals';
import { Keypair, PublicKey } from '@solana/web3.js';
import { TOKEN_PROGRAM } from '../token.ts';
import { ask, balance, connect, payment, SOL, stillChain, wallet } from './support/localnet.ts';

const RENT = 2_039_280n;

/** A mint with 6 decimals and a token account of `owner` with `amount`, as the token program lays them out. */
function tokens(owner: PublicKey, amount: bigint) {
  const [mint, account] = [Keypair.generate().publicKey, Keypair.generate().publicKey];
  const mintData = Buffer.alloc(82);
  mintData.writeBigUInt64LE(amount, 36);
  mintData.set([6, 1], 44);
  const data = Buffer.alloc(165);
  data.set(mint.toBytes(), 0);
  data.set(owner.toBytes(), 32);
  data.writeBigUInt64LE(amount, 64);
  data[108] = 1;
  const written = (address: PublicKey, bytes: Buffer) => ({
    address: address.toBase58(),
    lamports: RENT,
    owner: TOKEN_PROGRAM,
    data: bytes.toString('base64'),
  });
  return { mint, account, accounts: [written(mint, mintData), written(account, data)] };
}

describe('accounts', () => {
  it('are read at the commitment asked for, several at one slot', async () => {
    const net = await stillChain();
    const connection = connect(net);
    const from = await wallet(net);
    const { wire, to } = payment(net, from);
    await connection.sendRawTransaction(wire);
    await net.advance(1);
    const seen = async (commitment: 'processed' | 'confirmed' | 'finalized') => connection.getBalance(to, commitment);
    expect([await seen('processed'), await seen('confirmed'), await seen('finalized')]).toEqual([Number(SOL), 0, 0]);
    await net.advance(2);
    expect([await seen('confirmed'), await seen('finalized')]).toEqual([Number(SOL), 0]);
    const both = await connection.getMultipleAccountsInfoAndContext([from.publicKey, to], 'confirmed');
    expect(both.context.slot).toBe(net.chain.heads().confirmed.slot);
    expect(both.value.map((one) => one?.lamports)).toEqual([Number(balance(net, from.publicKey)), Number(SOL)]);
    await net.advance(30);
    expect(await seen('finalized')).toBe(Number(SOL));
  });

  it('of tokens are parsed, summed and found by owner and by filter', async () => {
    const owner = Keypair.generate().publicKey;
    const { mint, account, accounts } = tokens(owner, 1_234_500n);
    const net = await stillChain({ accounts });
    const connection = connect(net);
    expect((await connection.getTokenAccountBalance(account)).value).toEqual({
      amount: '1234500',
      decimals: 6,
      uiAmount: 1.2345,
      uiAmountString: '1.2345',
    });
    expect((await connection.getTokenSupply(mint)).value.amount).toBe('1234500');
    const owned = await connection.getParsedTokenAccountsByOwner(owner, { mint });
    expect(owned.value[0]?.account.data.parsed.info.tokenAmount.amount).toBe('1234500');
    expect(
      (await connection.getTokenAccountsByOwner(owner, { programId: new PublicKey(TOKEN_PROGRAM) })).value,
    ).toHaveLength(1);
    const filters = [{ dataSize: 165 }, { memcmp: { offset: 32, bytes: owner.toBase58() } }];
    const found = await connection.getProgramAccounts(new PublicKey(TOKEN_PROGRAM), { filters });
    expect(found.map(({ pubkey }) => pubkey.toBase58())).toEqual([account.toBase58()]);
    const other = [{ memcmp: { offset: 32, bytes: mint.toBase58() } }];
    expect(await connection.getProgramAccounts(new PublicKey(TOKEN_PROGRAM), { filters: other })).toEqual([]);
  });

  it('come sliced, in base58 when small, and as a Zstandard frame', async () => {
    const { account, accounts } = tokens(Keypair.generate().publicKey, 7n);
    const net = await stillChain({ accounts });
    const read = async (config: object) =>
      (await ask<{ value: { data: [string, string] } }>(net.rpcUrl, 'getAccountInfo', account.toBase58(), config)).value
        .data;
    const whole = Buffer.from((await read({ encoding: 'base64' }))[0], 'base64');
    expect(whole).toHaveLength(165);
    const [part] = await read({ encoding: 'base64', dataSlice: { offset: 64, length: 8 } });
    expect(Buffer.from(part, 'base64').readBigUInt64LE()).toBe(7n);
    await expect(read({ encoding: 'base58' })).rejects.toThrow('-32600');
    const frame = Buffer.from((await read({ encoding: 'base64+zstd' }))[0], 'base64');
    expect(frame.readUInt32LE()).toBe(0xfd2fb528);
    expect(frame.subarray(9)).toEqual(whole);
  });

  it('deleted by control are gone, and a fork brings them back', async () => {
    const net = await stillChain();
    const from = await wallet(net);
    net.setAccount({ address: from.publicKey.toBase58(), lamports: 0 });
    await net.advance(1);
    expect(await connect(net).getAccountInfo(from.publicKey)).toBeNull();
    net.fork({ depth: 1 });
    expect(balance(net, from.publicKey)).toBe(10n * SOL);
  });
});
