/** Compares the chain with the journal: each effect exactly once, everything ended or reported, all sums exact to the unit. */
import { canonicalJson } from '../../../src/lib/ids.ts';
import type { LiveProduct } from '../live-product.ts';
import { until } from '../product.ts';
import { isEnd, type Sent } from '../product-caller.ts';
import type { StateView } from '../product-run.ts';
import { imbalances } from '../product-sums.ts';
import { type ChainAccount, chainAccount } from './chain-account.ts';

export interface LiveEvidence {
  readonly live: LiveProduct;
  readonly sent: readonly Sent[];
  readonly foreign: readonly { readonly name: string; readonly signature: string }[];
}

const BOOKED_WITHIN_MS = 90_000;
const sumOf = (values: readonly bigint[]): bigint => values.reduce((sum, value) => sum + value, 0n);
/** Micro-USD: what is withdrawn or deposited is exact, what the person typed may be a unit of rounding beyond it. */
const ROUNDING = 10n;

export async function judgeLive({ live, sent, foreign }: LiveEvidence) {
  const { net, run } = live;
  const wrong: string[] = [];
  const says = (holds: boolean, text: string): void => {
    if (!holds) wrong.push(text);
  };
  const { slot } = net.chain;
  await until('all to be final', () => net.chain.heads().finalized.slot > slot + 2);
  const node = net.nodes.at(-1);
  if (node === undefined) throw new Error('the chain has no node');
  const chain = await chainAccount(net, node.rpcUrl);
  const chainFunding = sumOf(chain.funding);
  const fundingOf = async () => sumOf((await run.list('funding')).map(({ amount_base }) => BigInt(amount_base)));
  const quiet = async (): Promise<boolean> => {
    const open = (await run.list('operations')).filter(({ ended_at }) => ended_at === null);
    return (
      open.length === 0 &&
      (await fundingOf()) === chainFunding &&
      (await run.list('trades')).length === chain.fills.length
    );
  };
  await until('the books to hold all', quiet, BOOKED_WITHIN_MS).catch(() => {});
  const operations = await run.list('operations');
  const alerts = await run.list('alerts');
  const state = await run.state();

  for (const { operation_id, kind, status, ended_at } of operations) {
    const told = alerts.some((alert) => alert.operation_id === operation_id && alert.kind === 'alert');
    says(ended_at !== null || told, `${kind} ${operation_id} has no end and no alert: ${status}`);
    says(ended_at !== null, `${kind} ${operation_id} is still open: ${status}`);
  }
  for (const one of sent) judgeCommand(one, operations, says);
  judgeEffects(operations, chain, says);
  judgeTrades(await run.list('trades'), chain, operations, says);

  const funding = await fundingOf();
  says(funding === chainFunding, `funding in the journal ${funding}, on the chain ${chainFunding}`);
  const booked = state.account?.sources_base?.funding;
  says(BigInt(booked ?? -1) === chainFunding, `the source funding is ${booked}, on the chain ${chainFunding}`);
  wrong.push(...(await imbalances(run)));

  const strange = foreign.length === 0 && chain.liquidations === 0;
  for (const { code, kind, severity, message } of alerts) {
    says(!(strange && /^FOREIGN|^ADOPT|LIQUIDAT/.test(code)), `nobody else was there, and: ${code} ${message}`);
    says(!/DESYNC|STORES_DIVERGED|BOOKS_UNEXPLAINED|HISTORY_GAP/.test(code), `${severity} ${kind} ${code}: ${message}`);
  }
  return {
    wrong,
    ends: counted(sent.map(({ action, end }) => `${action} ${end?.error?.code ?? end?.data.status ?? 'none'}`)),
    alerts: counted(alerts.map(({ kind, code }) => `${kind} ${code}`)),
    chain: { transactions: chain.landed.size, fills: chain.fills.length, fundingPayments: chain.funding.length },
  };
}

type Says = (holds: boolean, text: string) => void;

/** One end, one operation at most, and the one that it was told. */
function judgeCommand({ action, commandId, answers, end }: Sent, operations: readonly StateView[], says: Says): void {
  const ends = new Set(answers.filter(isEnd).map(({ data, error }) => canonicalJson([data, error ?? null])));
  says(ends.size <= 1, `${action} ${commandId} had ${ends.size} different ends: ${[...ends].join(' and ')}`);
  const effects = operations.filter(({ command_id }) => command_id === commandId);
  says(effects.length <= 1, `${action} ${commandId} has ${effects.length} operations`);
  if (end?.data.operation_id === undefined) return;
  says(
    effects[0]?.operation_id === end.data.operation_id,
    `${action} ${commandId}: another operation than it was told`,
  );
  const done = effects[0]?.status === 'done';
  says(done === (end.success === true), `${action} ${commandId} was told ${end.data.status}, is ${effects[0]?.status}`);
}

/** Capital: a done operation moved exactly its amount once, any other nothing. All: what is said of an attempt is so. */
function judgeEffects(operations: readonly StateView[], chain: ChainAccount, says: Says): void {
  const ours = new Map<string, StateView>();
  for (const operation of operations) {
    const landed: string[] = [];
    for (const { signature, outcome } of operation.attempts as readonly StateView[]) {
      says(!ours.has(signature), `${signature} is of two operations`);
      ours.set(signature, operation);
      const failed = chain.landed.get(signature);
      const known = failed === undefined ? 'never' : failed ? 'failed' : 'confirmed';
      if (failed === false) landed.push(signature);
      if (outcome === 'confirmed' || outcome === 'failed')
        says(known === outcome, `${operation.kind} ${signature}: journal ${outcome}, chain ${known}`);
      else says(known === 'never', `${operation.kind} ${signature}: journal ${outcome}, chain ${known}`);
    }
    if (operation.kind !== 'deposit' && operation.kind !== 'withdraw') continue;
    const moved = chain.moves.filter(({ signature }) => landed.includes(signature));
    says(
      moved.length === (operation.status === 'done' ? 1 : 0),
      `${operation.kind} ${operation.operation_id} is ${operation.status} and moved ${moved.length} times`,
    );
    const asked = BigInt(operation.intent.amount_base ?? 0) * (operation.kind === 'deposit' ? 1n : -1n);
    for (const { amount } of moved) {
      const off = amount - asked;
      says(off <= ROUNDING && off >= -ROUNDING, `${operation.kind} of ${asked} moved ${amount}`);
    }
  }
}

/** Every fill of the chain is one trade, of its own size and side; an answer says what its operation's trades add up to. */
function judgeTrades(
  trades: readonly StateView[],
  chain: ChainAccount,
  operations: readonly StateView[],
  says: Says,
): void {
  const key = (signature: string, base: bigint): string => `${signature} ${base}`;
  const left = new Map<string, number>();
  for (const { signature, base } of chain.fills)
    left.set(key(signature, base), (left.get(key(signature, base)) ?? 0) + 1);
  const known = new Set(operations.map(({ operation_id }) => operation_id));
  for (const { signature, side, size_base, operation_id } of trades) {
    const name = key(signature, BigInt(size_base) * (side === 'buy' ? 1n : -1n));
    const count = left.get(name) ?? 0;
    says(count > 0, `a trade in the journal that the chain does not know: ${name}`);
    left.set(name, count - 1);
    says(operation_id === null || known.has(operation_id), `a trade of an unknown operation ${operation_id}`);
  }
  for (const [name, count] of left) says(count <= 0, `a fill that the journal does not have: ${name}`);
}

function counted(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
