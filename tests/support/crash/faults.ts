/** What goes wrong on the chain, its nodes and its network while a worker dies: rules on nodes of one account's own. */
import type { FaultInput, Localnet, RunningNode } from '../../../localnet/index.ts';

export interface FaultScene {
  readonly net: Localnet;
  readonly wallet: string;
  /** The account's nodes, at most two. */
  readonly nodes: readonly RunningNode[];
  /** Stands until it is healed. */
  add(rule: FaultInput): void;
}

export interface ChainFault {
  readonly name: string;
  /** How many nodes the account knows. */
  readonly nodes: 1 | 2;
  readonly jito?: boolean;
  /** Undoes blocks, and with them others' transactions: on a chain where each account expects it. */
  readonly forks?: boolean;
  /** May fail to end before it is healed: then there must be an alert. */
  readonly unknown?: boolean;
  /** Ends that the fault allows beside `done`. */
  readonly ends?: readonly ('expired' | 'failed')[];
  /** `done` is impossible. */
  readonly neverDone?: boolean;
  /** What lands may be gone before anybody has seen it: whether a worker comes by a landing is not sure. */
  readonly fleeting?: boolean;
  /** Calls may fail four times in a row: refused before anything is sent, and unknown until it is healed. */
  readonly flaky?: boolean;
  begin?(scene: FaultScene): void;
  /** When the first attempt has been signed. */
  onSigned?(scene: FaultScene, signature: string): void;
  /** When a block first holds an attempt. */
  onLanded?(scene: FaultScene, signature: string): void;
}

const SEND = ['sendTransaction'];
/** Of a life of 150 blocks: the first attempt's bytes are dead by then, or nearly. */
const DEAD_BY_SLOTS = 170;
/** Beyond the time in which absence can be proven (some 7 s), and within the patience with a mute node. */
const MUTE_MS = 8_000;

/** On each of the account's own nodes. */
const everywhere = (rule: FaultInput) => (scene: FaultScene) => {
  for (const { name } of scene.nodes) scene.add({ ...rule, node: name });
};
const onNode =
  (index: number, rule: FaultInput) =>
  ({ add, nodes }: FaultScene) => {
    const node = nodes[index];
    if (node !== undefined) add({ ...rule, node: node.name });
  };

export const CHAIN_FAULTS: readonly ChainFault[] = [
  { name: 'none', nodes: 1 },
  { name: 'first send dropped', nodes: 1, begin: everywhere({ kind: 'drop', times: 1 }) },
  {
    name: 'dropped until the first attempt is dead',
    nodes: 2,
    ends: ['expired'],
    begin: ({ add, net, wallet }) => add({ kind: 'drop', account: wallet, untilSlot: net.chain.slot + DEAD_BY_SLOTS }),
  },
  {
    name: 'every send dropped',
    nodes: 1,
    ends: ['expired'],
    neverDone: true,
    begin: ({ add, wallet }) => add({ kind: 'drop', account: wallet }),
  },
  { name: 'lands 40 slots late', nodes: 1, begin: everywhere({ kind: 'late', slots: 40 }) },
  { name: 'reply lost: cut', nodes: 1, begin: everywhere({ kind: 'reply-lost', methods: SEND, how: 'cut' }) },
  { name: 'reply lost: 500', nodes: 2, begin: everywhere({ kind: 'reply-lost', methods: SEND, how: 'http-500' }) },
  { name: 'reply lost: half', nodes: 1, begin: everywhere({ kind: 'reply-lost', methods: SEND, how: 'half' }) },
  { name: 'reply lost: hang', nodes: 1, begin: everywhere({ kind: 'reply-lost', methods: SEND, how: 'hang' }) },
  { name: 'delivered twice', nodes: 2, begin: everywhere({ kind: 'duplicate', slots: 3 }) },
  {
    name: '429 to a third',
    nodes: 2,
    flaky: true,
    begin: everywhere({ kind: 'rate-limit', chance: 0.3, retryAfter: 0 }),
  },
  { name: '503 to a third', nodes: 2, flaky: true, begin: everywhere({ kind: 'http', chance: 0.3 }) },
  { name: 'unhealthy node', nodes: 2, begin: onNode(0, { kind: 'rpc-error' }) },
  { name: 'connections cut', nodes: 2, flaky: true, begin: everywhere({ kind: 'cut', chance: 0.3 }) },
  { name: 'hangs', nodes: 2, flaky: true, begin: everywhere({ kind: 'hang', chance: 0.2 }) },
  { name: 'slow', nodes: 1, begin: everywhere({ kind: 'slow', ms: 150 }) },
  { name: 'stale node', nodes: 2, begin: onNode(0, { kind: 'lag', slots: 60 }) },
  {
    name: 'frozen node, send dropped',
    nodes: 2,
    begin: everywhere({ kind: 'drop', times: 1 }),
    onSigned: onNode(0, { kind: 'frozen' }),
  },
  {
    name: 'one of two nodes denies it',
    nodes: 2,
    onSigned: (scene, signature) => onNode(0, { kind: 'denies', signature })(scene),
  },
  {
    name: 'one of two nodes denies it, the other is mute for 8 s',
    nodes: 2,
    onSigned(scene, signature) {
      onNode(0, { kind: 'denies', signature })(scene);
      onNode(1, { kind: 'gone', forMs: MUTE_MS })(scene);
    },
  },
  { name: 'silent WebSocket', nodes: 1, begin: everywhere({ kind: 'silent' }) },
  {
    name: 'silent WebSocket, first send dropped',
    nodes: 1,
    begin(scene) {
      everywhere({ kind: 'silent' })(scene);
      everywhere({ kind: 'drop', times: 1 })(scene);
    },
  },
  {
    name: 'simulation passes, fails on chain',
    nodes: 1,
    ends: ['failed'],
    neverDone: true,
    begin: everywhere({ kind: 'fail-on-chain' }),
  },
  {
    name: 'endpoints gone for 3 s',
    nodes: 2,
    flaky: true,
    unknown: true,
    onSigned: everywhere({ kind: 'gone', forMs: 3_000 }),
  },
  {
    name: 'endpoints gone until healed',
    nodes: 2,
    flaky: true,
    unknown: true,
    ends: ['expired'],
    onSigned: everywhere({ kind: 'gone', forMs: 60_000 }),
  },
  {
    name: 'pruned node alone, every send dropped',
    nodes: 1,
    unknown: true,
    ends: ['expired'],
    begin(scene) {
      everywhere({ kind: 'pruned', slots: 20 })(scene);
      everywhere({ kind: 'drop' })(scene);
    },
  },
  {
    name: 'history off, every send dropped',
    nodes: 1,
    unknown: true,
    ends: ['expired'],
    begin(scene) {
      everywhere({ kind: 'no-history' })(scene);
      everywhere({ kind: 'drop' })(scene);
    },
  },
  { name: 'by Jito', nodes: 1, jito: true },
  {
    name: 'bundles lost',
    nodes: 1,
    jito: true,
    begin: ({ add, wallet }) => add({ kind: 'drop', node: 'jito', account: wallet }),
  },
  {
    name: 'Jito answers 429',
    nodes: 1,
    jito: true,
    begin: ({ add, wallet }) => add({ kind: 'rate-limit', node: 'jito', account: wallet, retryAfter: 0 }),
  },
  {
    name: 'reply of Jito lost',
    nodes: 1,
    jito: true,
    begin: ({ add, wallet }) => add({ kind: 'reply-lost', node: 'jito', account: wallet, how: 'cut' }),
  },
  {
    name: 'a fork drops it once confirmed',
    nodes: 1,
    fleeting: true,
    forks: true,
    ends: ['expired'],
    begin: everywhere({ kind: 'fork', fate: 'forget', times: 1 }),
  },
  {
    name: 'a fork drops it, it lands again by itself',
    nodes: 1,
    forks: true,
    ends: ['expired'],
    begin: everywhere({ kind: 'fork', fate: 'again', times: 1 }),
  },
  {
    name: 'a fork drops it for ever',
    nodes: 1,
    fleeting: true,
    forks: true,
    ends: ['expired'],
    begin: everywhere({ kind: 'fork', fate: 'never', times: 1 }),
  },
  {
    name: 'two nodes disagree about a fork',
    nodes: 2,
    forks: true,
    unknown: true,
    ends: ['expired'],
    onLanded({ net, nodes }, signature) {
      const stay = nodes.slice(0, 1).map(({ name }) => name);
      net.fork({ signature, stay, grows: true });
    },
  },
];
