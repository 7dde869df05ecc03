/** What goes wrong around a live product: its nodes, the keepers, the venue, the oracles, and others on its account. */
import type { DriftLocalnet, KeeperRules } from '../../../localnet/drift/index.ts';
import type { FaultInput } from '../../../localnet/index.ts';

const SOL = 1_000_000_000n;
const USDC = 1_000_000n;
const SEND = ['sendTransaction'];
/** What a node of somebody's own making may well lack. */
const RARE_METHODS = [
  'getProgramAccounts',
  'getRecentPrioritizationFees',
  'getGenesisHash',
  'getVersion',
  'getHealth',
  'getEpochInfo',
  'getFeeForMessage',
  'getClusterNodes',
  'isBlockhashValid',
];
const FIRST = 'node-1';
const SECOND = 'node-2';

export interface TroubleScene {
  readonly net: DriftLocalnet;
  readonly random: () => number;
}

export interface Trouble {
  readonly name: string;
  /** The product may not see the chain as it is. */
  readonly blinds?: boolean;
  /** Begins, and gives what ends it. */
  begin(scene: TroubleScene): () => void;
}

/** The judge's own node is the third, and Jito is not used: no rule of these meets either. */
const onNodes =
  (...rules: readonly FaultInput[]) =>
  ({ net }: TroubleScene): (() => void) => {
    const ids = rules.flatMap((rule) =>
      (rule.node === undefined ? [FIRST, SECOND] : [rule.node]).map((node) => net.addFault({ ...rule, node }).id),
    );
    return () => {
      for (const id of ids) net.removeFault(id);
    };
  };

const keeper =
  (rules: Partial<KeeperRules>) =>
  ({ net }: TroubleScene): (() => void) => {
    const before = net.keeper.rules;
    net.keeper.set(rules);
    return () =>
      net.keeper.set({ ...before, fills: true, amm: true, fillAfterSlots: 11, parts: [], racesCancels: false });
  };

const pausedExchange =
  (...what: Parameters<DriftLocalnet['pauses']['exchange']>) =>
  ({ net }: TroubleScene): (() => void) => {
    net.pauses.exchange(...what);
    return () => net.pauses.exchange([]);
  };

const oracle =
  (trouble: Parameters<DriftLocalnet['oracles']['sol']['trouble']>[0], which: 'sol' | 'usdc' = 'sol') =>
  ({ net }: TroubleScene): (() => void) => {
    net.oracles[which].trouble(trouble);
    return () => net.oracles[which].trouble({});
  };

const once =
  (act: (scene: TroubleScene) => void) =>
  (scene: TroubleScene): (() => void) => {
    act(scene);
    return () => {};
  };

/** A part of a range, in whole hundredths. */
const between = (random: () => number, least: number, most: number): bigint =>
  BigInt(Math.round((least + random() * (most - least)) * 100));

export const TROUBLES: readonly Trouble[] = [
  { name: 'half of all calls 429', blinds: true, begin: onNodes({ kind: 'rate-limit', chance: 0.5, retryAfter: 1 }) },
  { name: 'all calls 429', blinds: true, begin: onNodes({ kind: 'rate-limit', retryAfter: 1 }) },
  { name: 'a third of all calls 500', blinds: true, begin: onNodes({ kind: 'http', status: 500, chance: 0.33 }) },
  { name: 'a fifth of all calls hang', blinds: true, begin: onNodes({ kind: 'hang', chance: 0.2 }) },
  { name: 'all calls slow', begin: onNodes({ kind: 'slow', ms: 400 }) },
  { name: 'one node 60 slots behind', begin: onNodes({ kind: 'lag', slots: 60, node: FIRST }) },
  { name: 'both nodes 15 slots behind', blinds: true, begin: onNodes({ kind: 'lag', slots: 15 }) },
  { name: 'one node frozen', begin: onNodes({ kind: 'frozen', node: SECOND }) },
  { name: 'answers to sends lost: 500', begin: onNodes({ kind: 'reply-lost', methods: SEND, how: 'http-500' }) },
  { name: 'answers to sends lost: cut', begin: onNodes({ kind: 'reply-lost', methods: SEND, how: 'cut' }) },
  { name: 'sends dropped', begin: onNodes({ kind: 'drop' }) },
  { name: 'sends land 60 slots late', begin: onNodes({ kind: 'late', slots: 60 }) },
  { name: 'sends delivered twice', begin: onNodes({ kind: 'duplicate', slots: 2 }) },
  { name: 'sends fail on chain', begin: onNodes({ kind: 'fail-on-chain', chance: 0.7 }) },
  { name: 'endpoints gone', blinds: true, begin: onNodes({ kind: 'gone' }) },
  { name: 'sockets silent', begin: onNodes({ kind: 'silent' }) },
  {
    name: 'no scans of a program',
    begin: onNodes({ kind: 'rpc-error', code: -32601, message: 'Method not found', methods: ['getProgramAccounts'] }),
  },
  {
    name: 'nodes know few methods',
    begin: onNodes({ kind: 'rpc-error', code: -32601, message: 'Method not found', methods: RARE_METHODS }),
  },
  { name: 'history of transactions lags', begin: onNodes({ kind: 'lag', slots: 20, methods: ['getTransaction'] }) },
  { name: 'one node without history', begin: onNodes({ kind: 'no-history', node: FIRST }) },
  { name: 'nobody fills', begin: keeper({ fills: false }) },
  { name: 'fills come 60 slots late', begin: keeper({ fillAfterSlots: 60 }) },
  { name: 'fills come 140 slots late', begin: keeper({ fillAfterSlots: 140 }) },
  { name: 'a part is filled', begin: keeper({ parts: [{ afterSlots: 3, share: 0.4 }], amm: false }) },
  {
    name: 'filled in three parts',
    begin: keeper({
      parts: [
        { afterSlots: 3, share: 0.3 },
        { afterSlots: 6, share: 0.3 },
      ],
      fillAfterSlots: 30,
    }),
  },
  { name: 'fills ahead of cancels', begin: keeper({ fillAfterSlots: 100, racesCancels: true }) },
  { name: 'deposits paused', begin: pausedExchange(['deposit']) },
  { name: 'withdrawals paused', begin: pausedExchange(['withdraw']) },
  { name: 'fills paused', begin: pausedExchange(['fill']) },
  { name: 'settling paused', begin: pausedExchange(['settle']) },
  { name: 'funding and AMM paused', begin: pausedExchange(['funding', 'amm']) },
  { name: 'everything paused', begin: pausedExchange('all') },
  {
    name: 'market is reduce-only',
    begin({ net }) {
      net.pauses.perpStatus('reduceOnly');
      return () => net.pauses.perpStatus('active');
    },
  },
  { name: 'oracle frozen', begin: oracle({ frozen: true }) },
  { name: 'oracle 15 slots behind', begin: oracle({ delaySlots: 15 }) },
  { name: 'oracle 500 slots behind', begin: oracle({ delaySlots: 500 }) },
  { name: 'oracle uncertain', begin: oracle({ confidence: 0.2 }) },
  { name: 'oracle negative', begin: oracle({ price: -1 }) },
  { name: 'quote oracle frozen', begin: oracle({ frozen: true }, 'usdc') },
  {
    name: 'price jumps',
    begin: once(({ net, random }) => {
      const { sol } = net.oracles;
      sol.follow({ kind: 'fixed', price: sol.price * (1 + (random() - 0.5) * 0.08) });
    }),
  },
  {
    name: 'price walks',
    begin: once(({ net, random }) => {
      net.oracles.sol.follow({ kind: 'walk', seed: String(random()), hourly: 0.3 });
    }),
  },
  {
    name: 'price ramps up by 20 %',
    begin: once(({ net }) => {
      const { sol } = net.oracles;
      sol.follow({ kind: 'ramp', to: sol.price * 1.2, seconds: 120 });
    }),
  },
  {
    name: 'funding turns',
    begin: once(({ net, random }) => net.funding.steer((random() - 0.4) * 0.0005)),
  },
  { name: 'an hour passes', begin: once(({ net }) => net.jump({ seconds: 3_600 })) },
  { name: 'five hours pass', begin: once(({ net }) => net.jump({ seconds: 18_000 })) },
];

/** What somebody does with the account, behind the product's back: each gives what was sent. */
export interface ForeignAct {
  readonly name: string;
  act(scene: TroubleScene): string;
}

const behind = ({ net }: TroubleScene) => net.actor(net.wallet.secretKey);

export const FOREIGN_ACTS: readonly ForeignAct[] = [
  { name: 'deposits SOL', act: (scene) => behind(scene).deposit('SOL', between(scene.random, 0.1, 1) * (SOL / 100n)) },
  {
    name: 'deposits USDC',
    act: (scene) => behind(scene).deposit('USDC', between(scene.random, 5, 50) * (USDC / 100n)),
  },
  {
    name: 'withdraws SOL',
    act: (scene) => behind(scene).withdraw('SOL', between(scene.random, 0.1, 1) * (SOL / 100n)),
  },
  {
    name: 'sells',
    act: (scene) =>
      behind(scene).trade({ direction: 'short', size: (between(scene.random, 1, 10) / 100n) * (SOL / 10n) }),
  },
  {
    name: 'buys',
    act: (scene) =>
      behind(scene).trade({ direction: 'long', size: (between(scene.random, 1, 10) / 100n) * (SOL / 10n) }),
  },
  { name: 'cancels all orders', act: (scene) => behind(scene).cancelOrders() },
  { name: 'settles PnL', act: (scene) => scene.net.actor('stranger').settlePnl(scene.net.wallet.address) },
  { name: 'settles funding', act: (scene) => scene.net.actor('stranger').settleFunding(scene.net.wallet.address) },
  {
    name: 'sends SOL to the wallet',
    act: ({ net, random }) => net.airdrop(net.wallet.address, between(random, 0.1, 1) * (SOL / 100n)),
  },
];
