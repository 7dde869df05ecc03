/** Turns a read of the chain into a snapshot, the shape in which the engine sees every venue. */

import type { ChainAge } from '../../../chain/chain-time.ts';
import type {
  EquitySources,
  FeedProgress,
  FundingOutlook,
  PositionLedger,
  Snapshot,
} from '../../../domain/account/snapshot.ts';
import { isActive, unsettledFunding } from '../../../domain/margin/margin.ts';
import { type Lamports, type MicroUsd, microUsd } from '../../../domain/money/units.ts';
import type { PerpsDeployment } from '../deployment.ts';
import { equityOf } from './equity.ts';
import { oracleWarnings } from './oracle-warnings.ts';
import type { PerpsRead } from './perps-read.ts';

/** The figures of the account's books at a read: everything that the accounts themselves do not contain. */
export interface BookFigures {
  /** Exact, 1e-15 of the quote asset. */
  readonly equityBaseline: bigint | null;
  readonly sources: EquitySources | null;
  /** Of the chain's clock. */
  readonly lastLiquidationMs: number | null;
  readonly ledger: PositionLedger | null;
}

export const NO_BOOKS: BookFigures = { equityBaseline: null, sources: null, lastLiquidationMs: null, ledger: null };

interface SnapshotParts {
  readonly engineId: string;
  readonly deployment: PerpsDeployment;
  readonly read: PerpsRead;
  readonly funding: FundingOutlook;
  readonly age: ChainAge;
  readonly books: BookFigures;
  readonly rpcLatencyMs: number | null;
  readonly transactionCostLamports: Lamports;
  readonly openingCostLamports: Lamports | null;
  readonly boundByDepositLamports: Lamports;
}

/** Prices on a local chain are made up, and the page says so. */
function feedOf({ env, program }: PerpsDeployment, warnings: readonly string[]): FeedProgress {
  return {
    feed: `${program.kind} ${env}`,
    synthetic: env === 'localnet',
    ended: false,
    row: null,
    rows: null,
    speed: 1,
    warnings: [...warnings],
  };
}

/** `User.getUnrealizedFundingPNL`: funding that is due on open positions and not settled into them yet. */
function unsettledFundingOf({ account, markets }: Pick<PerpsRead, 'account' | 'markets'>): MicroUsd | null {
  let sum = 0n;
  for (const position of account?.perps.filter(isActive) ?? []) {
    const market = markets.perps.find((each) => each.marketIndex === position.marketIndex);
    if (market === undefined) return null;
    sum += unsettledFunding(position, market);
  }
  return microUsd(sum);
}

export function snapshotOf(parts: SnapshotParts): Snapshot {
  const { read, deployment, books } = parts;
  const { slot, commitment, takenAtMs, blockTimeMs, account, markets, wallet, pauses } = read;
  return {
    engineId: parts.engineId,
    slot,
    commitment,
    takenAtMs,
    chainAgeMs: parts.age.ageMs,
    clockDoubt: parts.age.doubt,
    nodesDisagree: read.disagreement,
    marketTimeMs: blockTimeMs,
    blockTimeMs,
    account,
    markets,
    wallet: { sol: wallet.sol, quote: wallet.quote },
    funding: parts.funding,
    pauses,
    feed: feedOf(deployment, [
      ...(pauses.detail === null ? [] : [pauses.detail]),
      ...oracleWarnings(markets, deployment.program.name),
    ]),
    equity: equityOf(read),
    equityIn: 'quote',
    equityBaseline: books.equityBaseline,
    sources: books.sources,
    accruedFunding: unsettledFundingOf(read),
    lastLiquidationMs: books.lastLiquidationMs,
    ledger: books.ledger,
    rpcLatencyMs: parts.rpcLatencyMs,
    transactionCostLamports: parts.transactionCostLamports,
    boundByDepositLamports: parts.boundByDepositLamports,
    ...(parts.openingCostLamports === null ? {} : { openingCostLamports: parts.openingCostLamports }),
  };
}
