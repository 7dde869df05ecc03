/** One engine behind the bridge: its figures and lists over HTTP, its sockets, and the commands that come over them. */
import type { RequestListener } from 'node:http';
import type { Registry } from 'prom-client';
import { SOL_PERP } from '../domain/account/account.ts';
import { MS_PER_HOUR } from '../domain/money/units.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import { commandKeyOf, signCommand } from '../domain/order/signed-command.ts';
import type { RightOfWay } from '../journal/right-of-way.ts';
import type * as z from '../lib/codec.ts';
import type { FairPlaces } from '../lib/fair-places.ts';
import type { BackupMade } from '../protocol/api.ts';
import type { State } from '../protocol/state.ts';
import { PROTOCOLS } from '../protocol/version.ts';
import { balancesView, identityOf, readable, statisticsView } from './account-answers.ts';
import { socketsChannel } from './alert-channel.ts';
import type { Auth } from './auth.ts';
import { Broadcast } from './broadcast.ts';
import { carryView } from './carry-view.ts';
import { type Commands, commandRunner, withEngine } from './commands.ts';
import type { EngineList } from './engine-list.ts';
import { addEngineMetrics } from './engine-metrics.ts';
import { EngineWatch } from './engine-watch.ts';
import { httpApp } from './http.ts';
import type { JournalEvents } from './journal-events.ts';
import type { JournalLookup } from './journal-lookup.ts';
import { GATEWAY_WITHIN_MS, STATE_LOOKUP_MS } from './limits.ts';
import { linksOf } from './links.ts';
import type { BridgeMetrics } from './metrics.ts';
import { OpenEnds } from './open-ends.ts';
import { policyView } from './page-view.ts';
import { withPlaces } from './places.ts';
import { policyInForce } from './policy-in-force.ts';
import type { BridgePorts, NewToken, ServedEngine } from './ports.ts';
import { type Previewer, previewer } from './preview-view.ts';
import { Sockets } from './sockets.ts';
import { stateView } from './state-view.ts';

export interface EngineDesk {
  readonly listener: RequestListener;
  readonly sockets: Sockets;
  /** For another door than the sockets. */
  readonly hands: DeskHands;
  /** Begins to tell the sockets what happens. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** The commands of one engine, what they would do, and how it stands. */
export interface DeskHands {
  readonly commands: Commands;
  readonly preview: Previewer;
  readonly state: () => Promise<z.input<typeof State>>;
}

/** What all desks of a bridge share. */
export interface BridgeCommons {
  readonly ports: BridgePorts;
  readonly auth: Auth;
  readonly lookup: JournalLookup;
  readonly findCommand: JournalLookup;
  /** Of both stores, whichever engine asks for it. */
  readonly backup: () => Promise<BackupMade>;
  readonly newToken: NewToken;
  /** All engines of the journal, served here or not. */
  readonly engines: EngineList;
  readonly events: JournalEvents;
  /** Of reads over HTTP that are answered at once. */
  readonly reads: FairPlaces;
  /** Of ordinary commands in flight. */
  readonly places: FairPlaces;
  readonly rightOfWay: RightOfWay;
  /** Told how a command ended that was answered before its end was known. */
  readonly ended: (commandId: string, answer: CommandAnswer) => void;
}

interface DeskMetrics {
  readonly registry: Registry;
  readonly bridge: BridgeMetrics;
}

export function openDesk(
  {
    ports,
    auth,
    lookup,
    findCommand,
    backup,
    newToken,
    engines,
    events,
    places,
    reads,
    rightOfWay,
    ended,
  }: BridgeCommons,
  engine: ServedEngine,
  metrics: DeskMetrics,
): EngineDesk {
  const { clock, sharedClock = clock, settings } = ports;
  const { engineId, name } = engine;
  const { mode } = settings;
  const logger = name === null ? ports.logger : ports.logger.child({ engine: name });
  const temporalNamespace = settings.temporalNamespace ?? 'default';
  const markets = settings.markets ?? [SOL_PERP];
  const links = linksOf({
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace,
    temporalAddress: settings.temporalAddress ?? null,
    // Paper signatures stand on no chain that an explorer knows.
    explorerUrl: mode === 'paper' ? null : settings.explorerUrl,
  });
  const gateway = withPlaces(ports.gateway, clock, places);
  const watch = new EngineWatch(engineId, lookup, clock);
  const policy = policyInForce(engine.policy, logger);
  const view = stateView({
    engineId,
    mode,
    policy,
    clock,
    logger,
    temporalUrl: links.engine(engineId),
  });
  const { accountAddress } = engine;
  const identity = identityOf({ engineId, accountAddress, explorerUrl: settings.explorerUrl });
  const quoteAsset = () => view(watch.known).account?.quote_asset ?? null;
  const dress = (answer: CommandAnswer): CommandAnswer => withEngine(answer, engineId, mode);

  const freshState = async (): Promise<z.input<typeof State> | null> => {
    await watch.read();
    if (watch.fresh) return view(watch.known);
    // The journal does not respond: the engine's own state, with the last figures and their age.
    const asked = gateway.state(engineId, clock.nowMs() + STATE_LOOKUP_MS);
    const engine = await asked.catch(() => null);
    if (engine !== null) return view({ ...watch.known, engine });
    return watch.known.snapshot === null && watch.known.engine === null ? null : view(watch.known);
  };

  const commandKey = (): string => commandKeyOf(settings.tokens.full);
  const ends = new OpenEnds({
    engineId,
    lookup,
    clock: sharedClock,
    // Signed anew: the token may be another one by now.
    askAgain: (envelope) =>
      gateway.command(engineId, signCommand(commandKey(), engineId, envelope), clock.nowMs() + GATEWAY_WITHIN_MS),
    tell: (action, commandId, answer) => {
      sockets.broadcastResult(action, commandId, dress(answer));
      ended(commandId, answer);
    },
  });
  const commands = commandRunner({
    engineId,
    mode,
    gateway,
    commandKey,
    find: findCommand,
    record: lookup,
    clock,
    sharedClock,
    logger,
    ends,
    state: freshState,
    traceCommand: ports.traceCommand,
    rightOfWay,
  });
  const sockets: Sockets = new Sockets({
    commands,
    ends,
    clock,
    logger,
    metrics: metrics.bridge,
    nameable: { markets, quoteAsset },
    operator: settings.operator ?? 'operator',
    dress,
    greeting: () => broadcast.greeting(),
  });
  const broadcast: Broadcast = new Broadcast({
    engineId,
    events,
    lookup,
    watch,
    ends,
    clock,
    logger,
    links,
    stats: () => view(watch.known),
    audience: () => sockets.size,
    send: (frame, options) => sockets.broadcast(frame, options),
  });

  ports.alerts.add(socketsChannel({ engineId, links, send: (frame) => sockets.broadcast(frame) }));

  const preview = previewer({
    ...{ mode, policy, clock, logger },
    known: async () => {
      await watch.read();
      return watch.known;
    },
  });
  const state = async () => (await freshState()) ?? view(watch.known);
  const carry = async () => {
    await watch.read();
    const { engine, snapshot } = watch.known;
    return carryView({ engineId, engine, snapshot, policy: policy(engine), nowMs: clock.nowMs() });
  };
  const readMetrics = addEngineMetrics({
    ...{ engineId, mode, lookup, state, carry, nowMs: clock.nowMs },
    version: settings.version ?? 'unknown',
    registry: metrics.registry,
  });
  const listener = httpApp({
    engineId,
    auth,
    lookup,
    links,
    logger,
    metricsRegistry: metrics.registry,
    pageDir: settings.pageDir,
    readiness: ports.readiness,
    quoteAsset,
    state,
    nowMs: clock.nowMs,
    reads,
    settings: engine.inForce(),
    nameable: { markets, quoteAsset },
    preview,
    carry,
    backup,
    newToken,
    readMetrics,
    config: () => ({
      engine_id: engineId,
      mode,
      account: identity,
      markets,
      policy: policyView(policy(watch.known.engine)),
      version: settings.version ?? null,
      protocol: PROTOCOLS,
      temporal_ui_url: settings.temporalUiUrl,
      explorer_url: settings.explorerUrl,
    }),
    balances: async () => {
      await watch.read();
      return balancesView(readable(watch.known.snapshot), identity);
    },
    engines: (journal) => engines.read(journal, engineId),
    statistics: async (journal) =>
      statisticsView(await journal.statistics(engineId), watch.known.snapshot?.funding.periodMs ?? MS_PER_HOUR),
  });
  return {
    listener,
    sockets,
    hands: { commands, preview, state },
    start: async () => await broadcast.start(),
    close: async () => {
      await broadcast.close();
      await sockets.close();
    },
  };
}
