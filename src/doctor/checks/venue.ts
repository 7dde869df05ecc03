/** The venue and the account as they are now: pauses, oracles, limits of the markets, the account, and what pays for transactions. */
import type { OracleQuote, PerpMarket } from '../../domain/account/account.ts';
import type { Snapshot } from '../../domain/account/snapshot.ts';
import { equityFiguresOf } from '../../domain/figures/account-figures.ts';
import { formatAmount, formatUsd } from '../../domain/money/amounts.ts';
import { LIVE_PROGRAMS } from '../../runtime/live-programs.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const SOL_DECIMALS = 9;
/** A position is opened, corrected and closed before anybody looks again. */
const TRANSACTIONS_WANTED = 20n;

interface Judged {
  readonly venue: string;
  readonly permissions: 'read-only' | 'capital' | 'trading';
  readonly reservedLamports: bigint;
}

const sol = (lamports: bigint): string => `${formatAmount(lamports, SOL_DECIMALS)} SOL`;

export function judgeSnapshot(snapshot: Snapshot, judged: Judged): readonly Judgement[] {
  const oracles = [
    ...snapshot.markets.perps.map(({ market, oracle }) => [market, oracle] as const),
    ...snapshot.markets.spot.map(({ asset, oracle }) => [asset, oracle] as const),
  ].flatMap(([name, oracle]) => judgeOracle(name, oracle));
  return [
    ...judgePauses(snapshot, judged),
    ...(oracles.length > 0 ? oracles : [pass('Every oracle has a valid price.')]),
    ...snapshot.markets.perps.flatMap(judgeMarket),
    ...judgeAccount(snapshot, judged),
    ...judgeGas(snapshot, judged),
  ];
}

function judgePauses({ pauses }: Snapshot, { venue, permissions }: Judged): readonly Judgement[] {
  const paused = (['deposit', 'withdraw', 'increase', 'reduce', 'settle'] as const).filter((name) => pauses[name]);
  if (paused.length === 0) return [pass(`${venue} has nothing paused.`)];
  const message = `${venue} refuses: ${paused.join(', ')}. ${pauses.detail ?? ''}`.trim();
  const remedy = pauses.reduce
    ? 'Wait until the venue goes on: until then not even a position can be closed.'
    : 'Wait until the venue goes on. What reduces still works.';
  return [permissions === 'read-only' ? warn(message, remedy) : fail(message, remedy)];
}

function judgeOracle(name: string, { valid, invalidReason, noFillsReason, price }: OracleQuote): readonly Judgement[] {
  const remedy = 'Wait: while it stands, nothing that adds risk is traded.';
  if (!valid || price === null) return [fail(`The oracle of ${name}: ${invalidReason ?? 'it has no price'}`, remedy)];
  return noFillsReason == null ? [] : [warn(`The oracle of ${name}: ${noFillsReason}`, remedy)];
}

function judgeMarket({ market, status, openInterest, minimumSize }: PerpMarket): readonly Judgement[] {
  if (status !== 'active') {
    return [fail(`${market} is ${status.replaceAll('_', ' ')}.`, 'Trade another market, or close what is held in it.')];
  }
  if (openInterest !== undefined) {
    if (openInterest.long >= openInterest.cap || openInterest.short >= openInterest.cap) {
      return [
        warn(
          `${market} is at the cap of its open interest: fills that leave it above are refused.`,
          'Wait, or trade less.',
        ),
      ];
    }
  }
  return [pass(`${market} is active; its smallest order is ${sol(minimumSize)}.`)];
}

function judgeAccount(snapshot: Snapshot, { venue }: Judged): readonly Judgement[] {
  const { account, openingCostLamports, nodesDisagree, clockDoubt } = snapshot;
  const doubts = [nodesDisagree, clockDoubt].flatMap((doubt) =>
    doubt == null ? [] : [warn(doubt, 'Take the node that is wrong out of RPC_URL.')],
  );
  if (account === null) {
    const message = `There is no ${venue} account yet.`;
    return [
      ...doubts,
      warn(message, `The first deposit opens it, for a one-time cost of ${sol(openingCostLamports ?? 0n)}.`),
    ];
  }
  const { equity_usd_base: equity } = equityFiguresOf(snapshot);
  if (equity === null)
    return [...doubts, warn('The account is there; its equity is not known: a price is missing.', 'See the oracles.')];
  return [...doubts, pass(`The account is there, with an equity of ${formatUsd(BigInt(equity))} USD.`)];
}

function judgeGas(
  { wallet, transactionCostLamports: cost }: Snapshot,
  { permissions, reservedLamports }: Judged,
): readonly Judgement[] {
  if (permissions === 'read-only') return [];
  const held = `The wallet has ${sol(wallet.sol)}`;
  const remedy = 'Send SOL to the wallet.';
  if (wallet.sol < cost) return [fail(`${held}: it cannot pay for a transaction (${sol(cost)}).`, remedy)];
  if (wallet.sol < cost * TRANSACTIONS_WANTED)
    return [warn(`${held}: enough for ${wallet.sol / cost} transactions.`, remedy)];
  if (wallet.sol < reservedLamports)
    return [warn(`${held}, less than RESERVED_SOL (${sol(reservedLamports)}).`, remedy)];
  return [pass(`${held} for transactions of ${sol(cost)}.`)];
}

export const venue: Check = {
  name: 'venue',
  needsSettings: true,
  async run(subject) {
    const { mode, live, policy } = subject.settings;
    if (mode !== 'live' || live.rpcUrls.length === 0) return [];
    if (!(await subject.isNodeThere())) return [warn('Not known: no node answers.', 'See the lines about the nodes.')];
    const sight = await subject.venue();
    if (sight.kind === 'failed') {
      return [fail(`${sight.code}: ${sight.why}`, sight.remedy ?? 'See the lines about the nodes and the settings.')];
    }
    return judgeSnapshot(sight.snapshot, {
      venue: LIVE_PROGRAMS[live.venue].name,
      permissions: live.permissions,
      reservedLamports: BigInt(policy.reservedSol),
    });
  },
};
