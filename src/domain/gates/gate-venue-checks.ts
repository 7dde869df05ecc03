/** Checks of the venue, the snapshot and the wallet's gas: whether anything can be sent, and how current the figures are. */

import { BASE_ASSET } from '../account/account.ts';
import { quotePeg } from '../account/quote-peg.ts';
import { RESET_PAPER } from '../account/reset-paper.ts';
import { snapshotAgeMs } from '../account/snapshot-age.ts';
import { marketOfAsset } from '../account/spot-markets.ts';
import { maxQuoteDepegPct } from '../hedge/policy.ts';
import { formatSol, formatUsd } from '../money/amounts.ts';
import { abs, type Lamports, lamports, max, min, solNumber, usdNumber } from '../money/units.ts';
import { sideOf } from '../order/intent.ts';
import { OPERATIONS } from '../order/operations.ts';
import { grants } from '../order/permission.ts';
import { limitReference } from '../order/slippage.ts';
import { withdrawableOf } from './gate-size-checks.ts';
import { type GateCheck, type GateSubject, openingCost, unknownAs, walletSolChange } from './gate-subject.ts';

export function permission({ policy, operation }: GateSubject): GateCheck {
  const need = OPERATIONS[operation.kind].permission;
  return {
    pass: policy.mode === 'paper' || grants(policy.permissions, need),
    have: policy.mode === 'paper' ? 'paper' : policy.permissions,
    need,
    unit: 'permission',
    remedy: `To allow it, set LIVE_PERMISSIONS=${need} and restart.`,
  };
}

export function venuePaused(subject: GateSubject): GateCheck {
  const { snapshot, operation, reducing } = subject;
  const { pauses } = snapshot;
  const refused = 'asset' in operation && (pauses.refusedAssets?.[operation.kind].includes(operation.asset) ?? false);
  const paused = refused || ('size' in operation ? pauses[reducing ? 'reduce' : 'increase'] : pauses[operation.kind]);
  const crowded = paused ? null : crowding(subject);
  return {
    pass: !paused && crowded === null,
    have: paused ? 'paused' : crowded === null ? 'open' : 'full',
    need: 'open',
    unit: 'venue',
    remedy: crowded ?? `${pauses.detail === null ? '' : `${pauses.detail} `}Try again when the venue has resumed it.`,
  };
}

/** A fill that leaves the open interest above the market's cap is refused there. Null: this one does not. */
function crowding({ market, delta, reducing }: GateSubject): string | null {
  const { openInterest } = market ?? {};
  if (openInterest === undefined || reducing || delta === 0n) return null;
  const side = delta > 0n ? openInterest.long : openInterest.short;
  const room = max(lamports(openInterest.cap - side), lamports(0n));
  if (abs(delta) <= room) return null;
  return `The market's cap of open interest leaves ${formatSol(room)} SOL on this side. Choose a smaller size, or wait until others close.`;
}

/** Nobody can send SOL to a paper wallet. */
const NEW_PAPER_ACCOUNT = `Start with a new paper account: npm start -- ${RESET_PAPER}.`;

/** What a signature costs on Solana: a transaction with no priority fee and no tip. */
const LEAST_FEE = lamports(5_000n);

export function feeMoney({ snapshot, operation, policy, reducing }: GateSubject): GateCheck {
  // A reduction pays what the wallet has: it may wait longer in a busy time, but is not refused.
  const frugal = 'size' in operation && reducing;
  const usual = snapshot.transactionCostLamports;
  const cost = frugal ? min(usual, LEAST_FEE) : usual;
  const need = lamports(cost + openingCost(snapshot, operation.kind));
  return {
    pass: snapshot.wallet.sol >= need,
    have: solNumber(snapshot.wallet.sol),
    need: solNumber(need),
    unit: 'SOL',
    remedy: policy.mode === 'live' ? 'Send SOL to the wallet.' : NEW_PAPER_ACCOUNT,
  };
}

export function priceUnknown({ worstPrice }: GateSubject): GateCheck {
  return {
    pass: worstPrice !== null,
    have: worstPrice === null ? null : usdNumber(worstPrice),
    need: 'a mark or oracle price',
    unit: 'USD',
    remedy: 'Wait for a price; without one no price limit can be set.',
  };
}

export function accountStatus({ snapshot: { account }, operation }: GateSubject): GateCheck {
  const have = account === null ? 'none' : account.status;
  return {
    pass: have === 'active' || (have === 'none' && operation.kind === 'deposit'),
    have,
    need: 'active',
    unit: 'account',
    remedy: account === null ? 'Deposit first.' : 'Wait until the liquidation has ended.',
  };
}

export function marketStatus({ market, reducing, operation }: GateSubject): GateCheck {
  const eased = reducing || operation.kind === 'settle';
  const status = market?.status ?? null;
  return {
    pass: status === 'active' || (eased && status === 'reduce_only'),
    have: status,
    need: eased ? 'active or reduce_only' : 'active',
    unit: 'market',
    remedy: market === null ? 'The venue does not list this market.' : 'Try again when the market is active.',
  };
}

export function oracleInvalid({ snapshot, market, operation }: GateSubject): GateCheck {
  const oracle = 'asset' in operation ? marketOfAsset(snapshot.markets, operation.asset)?.oracle : market?.oracle;
  const priced = oracle?.valid === true && oracle.price !== null;
  // An order that enlarges would only lie there, at a limit from a price that the venue itself no longer fills by.
  const fills = 'size' in operation ? (oracle?.noFillsReason ?? null) : null;
  const valid = priced && fills === null;
  return {
    pass: valid,
    have: valid ? 'valid' : (oracle?.invalidReason ?? (priced ? fills : null) ?? 'no price'),
    need: 'valid',
    unit: 'oracle',
    remedy:
      priced && !valid
        ? 'The venue fills no orders at this price. Wait until the oracle is fresh.'
        : 'Wait until the oracle price is valid.',
  };
}

/** A price that is worse than the oracle's by more than this is not traded on to enlarge, whatever the limit allows. */
const MAX_MARK_DIVERGENCE_PCT = 1;

export function markDivergence({ market, delta }: GateSubject): GateCheck {
  const need = MAX_MARK_DIVERGENCE_PCT;
  const oracle = market?.oracle.price ?? null;
  const fillsAt = market === null ? null : limitReference(market, sideOf(delta));
  if (oracle === null || oracle <= 0n || fillsAt === null)
    return unknownAs('%', need, ['the mark or the oracle price']);
  const above = (Number(fillsAt - oracle) / Number(oracle)) * 100;
  const worseBy = delta > 0n ? above : -above;
  return {
    pass: worseBy <= need,
    have: worseBy,
    need,
    unit: '%',
    remedy: 'Wait until the two prices agree again.',
    detail: { fills_at: usdNumber(fillsAt), oracle_price: usdNumber(oracle) },
  };
}

export function quoteDepeg({ snapshot, operation, policy }: GateSubject): GateCheck {
  const { asset, price, offPct } = quotePeg(snapshot.markets, 'market' in operation ? operation.market : undefined);
  const need = maxQuoteDepegPct(policy);
  if (price === null || offPct === null) return unknownAs('%', need, [`the price of ${asset ?? 'the quote asset'}`]);
  return {
    pass: offPct <= need,
    have: offPct,
    need,
    unit: '%',
    remedy: `Wait until ${asset} is back near 1 USD (it is at $${formatUsd(price)}), or raise MAX_QUOTE_DEPEG_PCT.`,
    detail: { quote_asset: asset, quote_price: usdNumber(price) },
  };
}

export function snapshotAge({ snapshot, policy, nowMs }: GateSubject): GateCheck {
  const ageMs = snapshotAgeMs(snapshot, nowMs);
  const need = policy.maxSnapshotAgeMs / 1000;
  if (ageMs === null) return unknownAs('s', need, [snapshot.clockDoubt ?? 'the time: the clock has jumped']);
  return {
    pass: ageMs <= policy.maxSnapshotAgeMs,
    have: ageMs / 1000,
    need,
    unit: 's',
    remedy: 'Wait until the account has been read again.',
  };
}

export function rpcLatency({ snapshot: { rpcLatencyMs }, policy }: GateSubject): GateCheck {
  return {
    pass: rpcLatencyMs === null ? policy.mode === 'paper' : rpcLatencyMs <= policy.maxRpcLatencyMs,
    have: rpcLatencyMs,
    need: policy.maxRpcLatencyMs,
    unit: 'ms',
    remedy: 'Wait, or add a faster node to RPC_URL.',
  };
}

export function gasReserve(subject: GateSubject): GateCheck {
  const { snapshot, operation, amount, policy } = subject;
  const costs = snapshot.transactionCostLamports + openingCost(snapshot, operation.kind);
  const left = lamports(snapshot.wallet.sol + walletSolChange({ operation, amount }) - costs);
  return {
    pass: left >= policy.reservedSol,
    have: solNumber(left),
    need: solNumber(policy.reservedSol),
    unit: 'SOL',
    remedy: gasRemedy(subject, lamports(policy.reservedSol - left)),
  };
}

/** What brings the wallet back over the reserve, from where SOL can come. */
function gasRemedy({ snapshot, operation, amount, policy }: GateSubject, missing: Lamports): string {
  const moves = 'asset' in operation && operation.asset === BASE_ASSET;
  if (moves && operation.kind === 'deposit' && amount > missing) return 'Choose a smaller amount.';
  // The withdrawal costs a transaction too, and then there should be enough for more than one.
  const wanted = max(lamports(missing + snapshot.transactionCostLamports), policy.reservedSol);
  const there = withdrawableOf(snapshot, BASE_ASSET) ?? 0n;
  const verb = moves && operation.kind === 'withdraw' ? 'Withdraw more: at least' : 'Withdraw at least';
  const withdraw = there >= wanted ? `${verb} ${formatSol(wanted)} SOL from the account` : null;
  if (policy.mode === 'paper') return withdraw === null ? NEW_PAPER_ACCOUNT : `${withdraw}.`;
  return withdraw === null ? 'Send SOL to the wallet.' : `${withdraw}, or send SOL to the wallet.`;
}
