/** What the chain itself says that the account was paid and traded: the SDK's own decoder over every transaction. */
import { BorshCoder, type Idl } from '@coral-xyz/anchor';
import driftIdl from '@drift-labs/sdk/lib/node/idl/drift.json' with { type: 'json' };
import { PublicKey } from '@solana/web3.js';
import { connect } from '../../../../localnet/tests/support/localnet.ts';
import type { BooksChain } from './books-chain.ts';

const coder = new BorshCoder(driftIdl as unknown as Idl);

interface FundingSeen {
  readonly signature: string;
  readonly slot: number;
  readonly payment: bigint;
}

/** Funding payments to the account in slots above `after`. */
export async function fundingOnChain({ net, us }: BooksChain, after: number): Promise<readonly FundingSeen[]> {
  const connection = connect(net, { commitment: 'finalized' });
  const user = new PublicKey(us.user);
  const found: FundingSeen[] = [];
  for (const { signature, slot, err } of await connection.getSignaturesForAddress(
    user,
    { limit: 1_000 },
    'finalized',
  )) {
    if (slot <= after || err !== null) continue;
    const transaction = await connection.getTransaction(signature, {
      commitment: 'finalized',
      maxSupportedTransactionVersion: 0,
    });
    for (const line of transaction?.meta?.logMessages ?? []) {
      if (!line.startsWith('Program data: ')) continue;
      const event = coder.events.decode(line.slice('Program data: '.length));
      if (event?.name !== 'FundingPaymentRecord' || String(event.data.user) !== us.user) continue;
      found.push({ signature, slot, payment: BigInt(String(event.data.fundingPayment)) });
    }
  }
  return found;
}
