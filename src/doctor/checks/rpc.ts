/**
 * Each Solana node by itself: version, cluster, lag, latency, how far back its history of transactions reaches, what it does to many
 * calls at once, and its WebSocket. The key within a node's address is never shown.
 */
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { isCount, isFields } from '../../chain/answer-shapes.ts';
import { endpointsOf, type NodeEndpoint } from '../../chain/endpoint.ts';
import { inWords } from '../../chain/rpc-answer.ts';
import { RpcNode } from '../../chain/rpc-node.ts';
import { readSlot } from '../../chain/rpc-pool.ts';
import { genesisOf } from '../../chain/testimony.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Check } from '../check.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

const ASK_MS = 5_000;
const SOCKET_MS = 8_000;
const SAMPLES = 5;
/** As many as one read of an account and its transactions makes in a moment. */
const BURST = 20;
const SLOT_MS = 400;
const HOUR_MS = 3_600_000;
/** Beyond it a node's word counts as old; the rest is its distance from the network's newest slot. */
const LAGS_SLOTS = 50;
const FAR_BEHIND_SLOTS = 150;
/** The proof that a transaction never landed needs minutes of history, the account's books days. */
const LEAST_HISTORY_MS = HOUR_MS;
const WANTED_HISTORY_MS = 48 * HOUR_MS;

/** What a node said. Null: nothing that can be used. */
export interface NodeFacts {
  readonly name: string;
  /** Why it did not answer at all, in words; then nothing else is known. */
  readonly silent: string | null;
  readonly version: string | null;
  readonly genesis: string | null;
  readonly slot: number | null;
  readonly latencyMs: number | null;
  readonly history:
    | { readonly kind: 'none'; readonly why: string }
    | { readonly kind: 'kept'; readonly forMs: number }
    | null;
  /** Of how many calls at once it refused how many. */
  readonly refused: { readonly of: number; readonly calls: number };
  /** Null: it tells of slots; else why not. */
  readonly socket: string | null;
}

interface NodeWanted {
  /** Null: a local chain, whose own it is. */
  readonly genesis: string | null;
  readonly env: string;
  readonly newestSlot: number | null;
  readonly maxLatencyMs: number;
}

const OTHER_NODE = 'Take another node into RPC_URL.';
const FULL_HISTORY = 'Add a node that keeps the history of transactions to RPC_URL.';

export function judgeNode(
  facts: NodeFacts,
  { genesis, env, newestSlot, maxLatencyMs }: NodeWanted,
): readonly Judgement[] {
  const { name, silent, version, slot, latencyMs, socket } = facts;
  if (silent !== null) return [fail(`${name} does not answer: ${silent}.`, 'Correct RPC_URL, or take another node.')];
  if (genesis !== null && facts.genesis !== null && facts.genesis !== genesis) {
    return [
      fail(
        `${name} is of another cluster than ${env}: its genesis hash is ${facts.genesis}.`,
        'Correct RPC_URL or DRIFT_ENV.',
      ),
    ];
  }
  const said: Judgement[] = [];
  const lag = slot === null || newestSlot === null ? null : newestSlot - slot;
  if (lag === null) said.push(fail(`${name} does not tell its slot.`, OTHER_NODE));
  else if (lag > FAR_BEHIND_SLOTS) said.push(fail(`${name} is ${lag} slots behind the other nodes.`, OTHER_NODE));
  else if (lag > LAGS_SLOTS) said.push(warn(`${name} is ${lag} slots behind the other nodes.`, OTHER_NODE));
  if (latencyMs !== null && latencyMs > maxLatencyMs) {
    const remedy = 'Take a nearer node, or raise MAX_RPC_LATENCY_MS: above it nothing that adds risk is traded.';
    said.push(warn(`${name} answers in ${latencyMs} ms; MAX_RPC_LATENCY_MS is ${maxLatencyMs}.`, remedy));
  }
  said.push(...judgeHistory(facts));
  const { refused } = facts;
  if (refused.calls > 0) {
    said.push(
      warn(
        `${name} refused ${refused.calls} of ${refused.of} calls at once: it limits their rate.`,
        'Raise the plan of that node, or add another one: under its limit reads are late.',
      ),
    );
  }
  if (socket !== null) {
    said.push(
      warn(
        `The WebSocket of ${name} does not work: ${socket}.`,
        'Set RPC_WS_URL to its WebSocket. Without it changes are seen by polling, seconds later.',
      ),
    );
  }
  const latency = latencyMs === null ? '' : `, ${latencyMs} ms`;
  return said.some(({ verdict }) => verdict === 'fail')
    ? said
    : [pass(`${name}: version ${version ?? 'unknown'}${latency}.`), ...said];
}

function judgeHistory({ name, history }: NodeFacts): readonly Judgement[] {
  if (history === null) return [warn(`${name} does not tell how far back its history reaches.`, FULL_HISTORY)];
  if (history.kind === 'none') {
    return [
      fail(`${name} keeps no history of transactions (${history.why}): nothing could be proven by it.`, FULL_HISTORY),
    ];
  }
  const kept =
    history.forMs < 2 * HOUR_MS
      ? `${Math.floor(history.forMs / 60_000)} minutes`
      : `${Math.floor(history.forMs / HOUR_MS)} hours`;
  if (history.forMs < LEAST_HISTORY_MS) return [fail(`${name} keeps the history of ${kept} only.`, FULL_HISTORY)];
  if (history.forMs < WANTED_HISTORY_MS) {
    return [
      warn(`${name} keeps the history of ${kept}: after a longer stop the account’s books have gaps.`, FULL_HISTORY),
    ];
  }
  return [pass(`${name} keeps the history of ${Math.floor(history.forMs / (24 * HOUR_MS))} days.`)];
}

const readVersion = (result: unknown): string | undefined =>
  isFields(result) && typeof result['solana-core'] === 'string' ? result['solana-core'] : undefined;
const anything = (result: unknown): { readonly is: boolean } => ({ is: result !== null });

async function factsOf(endpoint: NodeEndpoint, clock: Clock): Promise<NodeFacts> {
  const opened = () => new RpcNode(endpoint, { timeoutMs: ASK_MS }, { clock, monotonicMs: () => performance.now() });
  const node = opened();
  const first = await node.ask('getSlot', [{ commitment: 'confirmed' }], readSlot);
  const nothing = {
    name: node.name,
    version: null,
    genesis: null,
    slot: null,
    latencyMs: null,
    history: null,
  } as const;
  if (first.kind !== 'answer') {
    return { ...nothing, silent: inWords(first), refused: { of: 0, calls: 0 }, socket: null };
  }
  const version = await node.ask('getVersion', [], readVersion);
  const genesis = await genesisOf(node);
  const latencies: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const before = performance.now();
    await node.ask('getSlot', [{ commitment: 'confirmed' }], readSlot);
    latencies.push(performance.now() - before);
  }
  const history = await historyOf(node, first.value);
  const socket = await socketProblem(endpoint);
  const last = await node.ask('getSlot', [{ commitment: 'confirmed' }], readSlot);
  // By a client of its own: one that was refused rests, and would answer nothing else.
  const burst = await Promise.all(Array.from({ length: BURST }, () => opened().ask('getSlot', [], readSlot)));
  return {
    ...{ name: node.name, silent: null, genesis, history, socket },
    version: version.kind === 'answer' ? version.value : null,
    slot: last.kind === 'answer' ? last.value : first.value,
    latencyMs: Math.round(latencies.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? 0),
    refused: {
      of: BURST,
      calls: burst.filter((answer) => answer.kind === 'none' && answer.why === 'rate_limited').length,
    },
  };
}

/** That a node names its first block does not mean that it gives one: a block of the middle is asked for. */
async function historyOf(node: RpcNode, slot: number): Promise<NodeFacts['history']> {
  const first = await node.ask('getFirstAvailableBlock', [], readSlot);
  if (first.kind === 'refused') return { kind: 'none', why: inWords(first) };
  if (first.kind !== 'answer') return null;
  const config = {
    commitment: 'finalized',
    transactionDetails: 'none',
    rewards: false,
    maxSupportedTransactionVersion: 0,
  };
  const middle = Math.floor((first.value + slot) / 2);
  const listed = await node.ask('getBlocksWithLimit', [middle, 1, { commitment: 'finalized' }], (result) =>
    Array.isArray(result) && isCount(result[0]) ? result[0] : undefined,
  );
  if (listed.kind === 'refused') return { kind: 'none', why: inWords(listed) };
  if (listed.kind === 'answer') {
    const block = await node.ask('getBlock', [listed.value, config], anything);
    if (block.kind === 'refused') return { kind: 'none', why: inWords(block) };
  }
  const began = await node.ask('getBlockTime', [first.value], (result) => (isCount(result) ? result : undefined));
  const now = await node.ask('getBlockTime', [slot], (result) => (isCount(result) ? result : undefined));
  const byTime = began.kind === 'answer' && now.kind === 'answer' ? (now.value - began.value) * 1_000 : null;
  return { kind: 'kept', forMs: byTime ?? (slot - first.value) * SLOT_MS };
}

/** Null: it tells of slots. */
function socketProblem({ webSocketUrl }: NodeEndpoint): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = new WebSocket(webSocketUrl, { handshakeTimeout: SOCKET_MS });
    const end = (problem: string | null) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(problem);
    };
    const timer = setTimeout(() => end(`it says nothing for ${SOCKET_MS / 1_000} s`), SOCKET_MS);
    // Never the error's own message: it may quote the address, and that may hold a key.
    socket.on('error', (error) =>
      end('code' in error && typeof error.code === 'string' ? error.code : 'no connection'),
    );
    socket.on('close', () => end('it closes the connection'));
    socket.on('open', () =>
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'slotSubscribe', params: [] })),
    );
    socket.on('message', (data) => {
      const text = data.toString();
      if (text.includes('slotNotification')) end(null);
      else if (text.includes('"error"')) end('it refuses to tell of slots');
    });
  });
}

export const rpc: Check = {
  name: 'rpc',
  needsSettings: true,
  async run({ settings: { mode, live, policy }, clock }) {
    if (live.rpcUrls.length === 0) {
      return mode === 'live' ? [fail('RPC_URL names no node.', 'Set RPC_URL to one or more Solana nodes.')] : [];
    }
    const facts = await Promise.all(endpointsOf(live.rpcUrls, live.rpcWsUrl).map((one) => factsOf(one, clock)));
    const slots = facts.flatMap(({ slot }) => (slot === null ? [] : [slot]));
    const wanted = {
      ...{ genesis: live.genesis, env: live.driftEnv, maxLatencyMs: policy.maxRpcLatencyMs },
      newestSlot: slots.length === 0 ? null : Math.max(...slots),
    };
    return facts.flatMap((one) => judgeNode(one, wanted));
  },
};
