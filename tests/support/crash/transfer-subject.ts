/** The matrix on transfers of SOL, which need no program: `tests/support/transfer-venue.ts`. */
import { type Localnet, startLocalnet } from '../../../localnet/index.ts';
import { until } from '../../../localnet/tests/support/until.ts';
import { newTransferAccount, type TransferAccount } from '../transfer-venue.ts';
import type { TransferCombination } from './combinations.ts';
import { judgeTransfer } from './judge.ts';
import type { CrashSubject } from './subject.ts';

/** A hundredth SOL. */
const AMOUNT = 10_000_000n;
const FUNDS = 2_000_000_000n;

export const TRANSFERS: CrashSubject<Localnet, TransferAccount, TransferCombination> = {
  workerEntry: 'tests/support/transfer-worker.ts',
  startChain: startLocalnet,

  async account(net) {
    const account = newTransferAccount();
    const signatures = [account.wallet, account.vault].map((address) => net.airdrop(address, FUNDS));
    await until('the airdrops to be final', () => {
      const { slot } = net.chain.heads().finalized;
      return signatures.every((signature) => net.record(signature).some((one) => one.counts && one.slot <= slot));
    });
    return account;
  },

  operation: ({ kind }) => ({
    request: { kind, asset: 'SOL', amount: AMOUNT.toString() },
  }),

  judge(net, account, { kind }) {
    const receiver = kind === 'deposit' ? account.vault : account.wallet;
    const before = balanceOf(net, receiver);
    return async (evidence) =>
      await judgeTransfer(evidence, { received: balanceOf(net, receiver) - before, amount: AMOUNT });
  },
};

const balanceOf = (net: Localnet, address: string): bigint =>
  net.chain.bank.accountAt(net.chain.head, address)?.lamports ?? 0n;
