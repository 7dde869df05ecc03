import { readFileSync } from 'node:fs';
import { ValidationError } from '../src/lib/errors.ts';
import { type AccountInput, parseAccount } from './account-input.ts';
import { Chain, type ChainSettings } from './chain/chain.ts';
import { type ControlCommand, type ControlledChain, control, type ForkRequest } from './control.ts';
import { FaultRules } from './faults/faults.ts';
import { type FaultInput, JITO } from './faults/rule.ts';
import { HttpEndpoint } from './http/endpoint.ts';
import { JsonRpc } from './http/json-rpc.ts';
import { BlockEngine, TIP_ACCOUNTS } from './jito.ts';
import { FaultyNetwork } from './network.ts';
import { Node } from './nodes/node.ts';
import { NodeServer } from './nodes/node-server.ts';
import { SlotTimer } from './slot-timer.ts';
import { Svm } from './svm/svm.ts';
import { addressBytes } from './wire/base58.ts';

const CONTROL_BODY_BYTES = 32 * 1024 * 1024;
const TIP_ACCOUNT_LAMPORTS = 1_000_000_000n;
/** How often `gone` rules are checked. */
const ENDPOINT_CHECK_MS = 20;
/** How many slots are made before the event loop gets a turn. */
const SLOTS_AT_ONCE = 10;

export interface LocalnetOptions {
  /** The port of the first node's RPC; its socket has the next one, then come further nodes, Jito and control. 0: free ports. */
  readonly port?: number;
  readonly host?: string;
  readonly slotMs?: number;
  readonly seed?: string;
  /** Share of slots without a block, 0 to 0.9. */
  readonly skipShare?: number;
  readonly confirmedLag?: number;
  readonly finalizedLag?: number;
  readonly clock?: ChainSettings['clock'];
  /** How many, or their names. */
  readonly nodes?: number | readonly string[];
  readonly faults?: readonly FaultInput[];
  readonly accounts?: readonly AccountInput[];
  /** BPF programs by address: the path of an ELF file, or its bytes. */
  readonly programs?: readonly { readonly address: string; readonly elf: string | Uint8Array }[];
  /** Time stands still until `resume`; slots are made by `advance`. */
  readonly paused?: boolean;
  /** Further or replaced calls of the control endpoint (`POST /name`), for a program on top of the chain. */
  readonly commands?: Readonly<Record<string, ControlCommand>>;
}

export interface RunningNode {
  readonly name: string;
  readonly rpcUrl: string;
  readonly wsUrl: string;
}

export interface Localnet extends ControlledChain {
  /** Of the first node. */
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly jitoUrl: string;
  readonly controlUrl: string;
  readonly nodes: readonly RunningNode[];
  readonly chain: Chain;
  readonly faults: FaultRules;
  stop(): Promise<void>;
}

/** @throws ValidationError LOCALNET_OPTION */
function settingsOf(options: LocalnetOptions): ChainSettings {
  const { slotMs = 400, seed = 'driftless', skipShare = 0.05, confirmedLag = 2, finalizedLag = 32 } = options;
  const wrong = (name: string) => new ValidationError('LOCALNET_OPTION', `The option ${name} is out of range.`);
  if (!(slotMs >= 1 && slotMs <= 60_000)) throw wrong('slotMs');
  if (!(skipShare >= 0 && skipShare <= 0.9)) throw wrong('skipShare');
  if (!(confirmedLag >= 0 && confirmedLag <= finalizedLag)) throw wrong('confirmedLag');
  if (!(finalizedLag <= 150)) throw wrong('finalizedLag');
  return { slotMs, seed, skipShare, confirmedLag, finalizedLag, clock: options.clock ?? 'wall', now: Date.now };
}

function genesis({ accounts = [], programs = [] }: LocalnetOptions): Svm {
  const svm = new Svm();
  // They exist from the start, as on mainnet; otherwise a tip below the rent could not create one.
  const tipped = TIP_ACCOUNTS.map((address) => ({ address, lamports: TIP_ACCOUNT_LAMPORTS }));
  for (const input of [...tipped, ...accounts]) {
    const [address, account] = parseAccount(input);
    svm.setAccount(address, account);
  }
  for (const { address, elf } of programs) {
    if (addressBytes(address) === null)
      throw new ValidationError('LOCALNET_OPTION', `${address} is not the address of a program.`);
    svm.addProgram(address, typeof elf === 'string' ? readFileSync(elf) : elf);
  }
  return svm;
}

/** Starts a chain with its nodes, Jito and control endpoints; resolves when all of them listen. */
export async function startLocalnet(options: LocalnetOptions = {}): Promise<Localnet> {
  const { port = 0, host = '127.0.0.1' } = options;
  const settings = settingsOf(options);
  const chain = new Chain(genesis(options), settings);
  const faults = new FaultRules(settings.seed, () => chain.slot, performance.now.bind(performance));
  const network = new FaultyNetwork(chain, faults);
  const timer = new SlotTimer(settings.slotMs, () => chain.tick());
  const wanted = options.nodes ?? 1;
  const names = typeof wanted === 'number' ? Array.from({ length: wanted }, (_, i) => `node-${i + 1}`) : wanted;
  const servers = names.map((name) => new NodeServer(new Node(name, chain, faults), network, host));
  const jito = new BlockEngine(new Node(JITO, chain, faults), network);
  const jitoRpc = new JsonRpc(JITO, faults, (method, params, request) => jito.perform(method, params, request));
  const jitoEndpoint = new HttpEndpoint(host, false, {
    request: (request, response, body) => jitoRpc.handle(request, response, body),
  });
  const controlEndpoint: HttpEndpoint = new HttpEndpoint(host, false, {
    maxBodyBytes: CONTROL_BODY_BYTES,
    request: (request, response, body) => control(net, request, response, body, options.commands),
  });

  chain.onChange(() => {
    for (const { pubSub } of servers) pubSub.turn();
  });
  const endpoints = new Map<string, HttpEndpoint>(servers.map(({ node, endpoint }) => [node.name, endpoint]));
  endpoints.set(JITO, jitoEndpoint);
  const check = setInterval(() => followGoneRules(endpoints, faults), ENDPOINT_CHECK_MS);

  const net: Localnet = {
    get rpcUrl() {
      return servers[0]?.rpcUrl ?? '';
    },
    get wsUrl() {
      return servers[0]?.wsUrl ?? '';
    },
    get jitoUrl() {
      return `http://${host}:${jitoEndpoint.port}`;
    },
    get controlUrl() {
      return `http://${host}:${controlEndpoint.port}`;
    },
    get nodes() {
      return servers.map(({ node, rpcUrl, wsUrl }) => ({ name: node.name, rpcUrl, wsUrl }));
    },
    chain,
    faults,

    state: () => ({
      slot: chain.slot,
      ...headsOf(chain),
      running: timer.isRunning,
      pending: chain.pending.size,
      seed: settings.seed,
      nodes: servers.map(nodeState),
      jitoUrl: net.jitoUrl,
      faults: faults.list().length,
    }),

    async advance(slots) {
      for (let i = 0; i < slots; i++) {
        chain.tick();
        if (i % SLOTS_AT_ONCE === SLOTS_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      }
    },

    skip: (slots) => chain.skip(slots),

    jump({ seconds, slot }) {
      if (seconds !== undefined) chain.jumpClock(seconds);
      if (slot !== undefined) chain.jumpToSlot(slot);
    },

    fork: (how) => forkChain(chain, servers, how),

    heal() {
      for (const { node } of servers) node.branch = null;
      for (const name of chain.branches.keys()) chain.heal(name);
    },

    pause: () => timer.stop(),
    resume: () => timer.start(),
    setAccount: (input) => chain.writeAccount(...parseAccount(input)),

    airdrop(address, lamports) {
      const transaction = chain.airdrop(address, lamports);
      chain.submit(transaction);
      return transaction.signatures[0] as string;
    },

    addFault: (rule) => faults.add(rule),
    removeFault: (id) => faults.remove(id),

    record: (signature) =>
      chain.ledger.landings(signature).map(({ landed, block }) => ({
        slot: block.slot,
        counts: chain.ledger.isOn(block, chain.head),
        error: landed.error,
      })),

    async stop() {
      timer.stop();
      clearInterval(check);
      await Promise.all([...endpoints.values(), controlEndpoint].map((endpoint) => endpoint.vanish()));
    },
  };

  for (const rule of options.faults ?? []) faults.add(rule);
  try {
    await listenAll([...servers.map(({ endpoint }) => endpoint), jitoEndpoint, controlEndpoint], port, servers.length);
  } catch (error) {
    await net.stop();
    throw error;
  }
  if (options.paused !== true) timer.start();
  return net;
}

/** Closes the ports of nodes that a `gone` rule names, and opens them again afterwards. */
function followGoneRules(endpoints: ReadonlyMap<string, HttpEndpoint>, faults: FaultRules): void {
  for (const [name, endpoint] of endpoints) {
    const gone = faults.state('gone', { node: name }) !== null;
    // If the port was taken in the meantime, the next check tries again.
    if (gone === endpoint.isListening) (gone ? endpoint.vanish() : endpoint.comeBack()).catch(() => {});
  }
}

function headsOf(chain: Chain) {
  const { processed, confirmed, finalized } = chain.heads();
  const brief = ({ slot, height, blockhash, time }: typeof processed) => ({ slot, height, blockhash, time });
  return { processed: brief(processed), confirmed: brief(confirmed), finalized: brief(finalized) };
}

const nodeState = ({ node, rpcUrl, wsUrl, pubSub }: NodeServer) => ({
  name: node.name,
  rpcUrl,
  wsUrl,
  slot: node.at('processed').slot,
  branch: node.branch,
  firstAvailable: node.firstAvailable(),
  subscriptions: pubSub.count,
});

/** @throws ValidationError LOCALNET_FORK when there is nothing to abandon at the requested place */
function forkChain(chain: Chain, servers: readonly NodeServer[], how: ForkRequest): ReturnType<Localnet['fork']> {
  const { signature, fate = 'forget', stay = [], grows = false } = how;
  const landing = signature === undefined ? null : chain.ledger.landingOn(signature, chain.head);
  if (signature !== undefined && landing === null)
    throw new ValidationError('LOCALNET_FORK', 'This transaction is in no block of the main fork.');
  const base = how.slot ?? (landing === null ? chain.head.slot - (how.depth ?? 1) : landing.block.slot - 1);
  const name = `fork-${chain.slot}`;
  const forked = chain.fork(base, fate, stay.length > 0 ? { name, grows } : undefined);
  if (forked === null)
    throw new ValidationError('LOCALNET_FORK', 'There is no block to abandon: it is the newest, or finalized.', {
      base,
    });
  for (const { node } of servers) if (stay.includes(node.name)) node.branch = name;
  const dropped = forked.abandoned
    .flatMap(({ transactions }) => transactions)
    .filter(({ transaction }) => transaction.keys[0] !== chain.validator.address)
    .map((one) => one.signature);
  return { base: forked.base.slot, tip: forked.tip.slot, dropped };
}

/** Each node takes two ports; Jito and control take one each after them. */
async function listenAll(endpoints: readonly HttpEndpoint[], port: number, pairs: number): Promise<void> {
  for (const [index, endpoint] of endpoints.entries()) {
    const offset = index < pairs ? index * 2 : pairs * 2 + (index - pairs);
    await endpoint.listen(port === 0 ? 0 : port + offset);
  }
}
