/** Puts the bridge together and listens: HTTP and WebSocket on one port. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SOL_PERP } from '../domain/account/account.ts';
import { MS_PER_HOUR } from '../domain/money/units.ts';
import type { CommandAnswer } from '../domain/order/command.ts';
import { commandKeyOf } from '../domain/order/signed-command.ts';
import type * as z from '../lib/codec.ts';
import { CriticalError } from '../lib/errors.ts';
import type { State } from '../protocol/state.ts';
import { balancesView, everyEngine, identityOf, readable, statisticsView } from './account-answers.ts';
import { socketsChannel } from './alert-channel.ts';
import { Auth } from './auth.ts';
import { Broadcast } from './broadcast.ts';
import { carryView } from './carry-view.ts';
import { commandRunner, withEngine } from './commands.ts';
import { addEngineMetrics } from './engine-metrics.ts';
import { EngineWatch } from './engine-watch.ts';
import { httpApp } from './http.ts';
import { journalLookup } from './journal-lookup.ts';
import {
  GATEWAY_WITHIN_MS,
  HTTP_HEADROOM,
  MAX_COMMAND_LOOKUPS,
  MAX_OPEN_LOOKUPS,
  MAX_SOCKETS,
  STATE_LOOKUP_MS,
} from './limits.ts';
import { linksOf } from './links.ts';
import { bridgeMetrics } from './metrics.ts';
import { OpenEnds } from './open-ends.ts';
import { policyView } from './page-view.ts';
import { withPlaces } from './places.ts';
import { policyInForce } from './policy-in-force.ts';
import type { BridgePorts } from './ports.ts';
import { previewer } from './preview-view.ts';
import { Sockets } from './sockets.ts';
import { stateView } from './state-view.ts';
import { openTelegramDoor } from './telegram/open-door.ts';
import { refuseUpgrade } from './upgrade.ts';
import { WrongTokens } from './wrong-tokens.ts';

export interface Bridge {
  /** e.g. `http://127.0.0.1:8765`, without the token. */
  readonly url: string;
  readonly port: number;
  /** Sockets open now. */
  readonly sockets: () => number;
  close(): Promise<void>;
}

const SOCKET_PATH = '/ws';

/**
 * Listens before anything behind it answers: with the journal or Temporal down it serves, and says so.
 * @throws CriticalError PORT_IN_USE, naming the setting that moves us
 */
export async function startBridge(ports: BridgePorts): Promise<Bridge> {
  const { journal, clock, sharedClock = clock, logger, settings, metricsRegistry } = ports;
  const { engineId, mode } = settings;
  const temporalNamespace = settings.temporalNamespace ?? 'default';
  const markets = settings.markets ?? [SOL_PERP];
  const links = linksOf({
    temporalUiUrl: settings.temporalUiUrl,
    temporalNamespace,
    temporalAddress: settings.temporalAddress ?? null,
    // Paper signatures stand on no chain that an explorer knows.
    explorerUrl: mode === 'paper' ? null : settings.explorerUrl,
  });
  const metrics = bridgeMetrics(metricsRegistry);
  const lookup = journalLookup(journal, MAX_OPEN_LOOKUPS);
  const gateway = withPlaces(ports.gateway, clock);
  const watch = new EngineWatch(engineId, lookup, clock);
  const policy = policyInForce(ports.policy, logger);
  const view = stateView({
    engineId,
    mode,
    policy,
    clock,
    logger,
    temporalUrl: links.engine(engineId),
  });
  const identity = identityOf(settings);
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

  const ends = new OpenEnds({
    engineId,
    lookup,
    clock: sharedClock,
    askAgain: (envelope) => gateway.command(engineId, envelope, clock.nowMs() + GATEWAY_WITHIN_MS),
    tell: (action, commandId, answer) => {
      sockets.broadcastResult(action, commandId, dress(answer));
      telegram?.ended(commandId, answer);
    },
  });
  const commands = commandRunner({
    engineId,
    mode,
    gateway,
    commandKey: commandKeyOf(settings.token),
    find: journalLookup(journal, MAX_COMMAND_LOOKUPS),
    record: lookup,
    clock,
    sharedClock,
    logger,
    ends,
    state: freshState,
  });
  const sockets: Sockets = new Sockets({
    commands,
    ends,
    clock,
    logger,
    metrics,
    nameable: { markets, quoteAsset },
    operator: settings.operator ?? 'operator',
    dress,
    greeting: () => broadcast.greeting(),
  });
  const broadcast: Broadcast = new Broadcast({
    engineId,
    journal,
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

  let port = settings.port;
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
    registry: metricsRegistry,
  });
  const telegram =
    ports.telegram == null
      ? null
      : openTelegramDoor(ports.telegram, { journal, commands, preview, state, clock, logger });
  const wrongTokens = new WrongTokens({ nowMs: clock.nowMs, logger, count: () => metrics.wrongTokens.inc() });
  const { host, token, readToken = null } = settings;
  const auth = new Auth({ host, token, readToken, wrongTokens, port: () => port });
  const server = createServer(
    httpApp({
      engineId,
      auth,
      lookup,
      links,
      logger,
      metricsRegistry,
      pageDir: settings.pageDir,
      readiness: ports.readiness,
      quoteAsset,
      state,
      nowMs: clock.nowMs,
      settings: settings.inForce ?? [],
      nameable: { markets, quoteAsset },
      preview,
      carry,
      readMetrics,
      config: () => ({
        engine_id: engineId,
        mode,
        account: identity,
        markets,
        policy: policyView(policy(watch.known.engine)),
        temporal_ui_url: settings.temporalUiUrl,
        explorer_url: settings.explorerUrl,
      }),
      balances: async () => {
        await watch.read();
        return balancesView(readable(watch.known.snapshot), identity);
      },
      engines: (journal) => everyEngine(journal, { engineId, fallback: policy(watch.known.engine) }),
      statistics: async (journal) =>
        statisticsView(await journal.statistics(engineId), watch.known.snapshot?.funding.periodMs ?? MS_PER_HOUR),
    }),
  );
  server.maxConnections = MAX_SOCKETS + HTTP_HEADROOM;
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== SOCKET_PATH) {
      refuseUpgrade(stream, 404, { code: 'NOT_FOUND', message: `The socket is at ${SOCKET_PATH}.` });
      return;
    }
    const refusal = auth.refusalOf(request, 'read');
    if (refusal === null) sockets.accept(request, stream, head, auth.accessOf(request) ?? 'read');
    else refuseUpgrade(stream, refusal.status, refusal.error);
  });
  port = await listen(server, settings.host, settings.port);
  await broadcast.start();
  const url = `http://${urlHost(settings.host)}:${port}`;
  logger.info({ url, engineId, mode }, 'The bridge is listening');

  return {
    url,
    port,
    sockets: () => sockets.size,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await telegram?.stop();
      await broadcast.close();
      await sockets.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? portInUse(host, port, error) : cannotListen(host, port, error));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

const portInUse = (host: string, port: number, cause: Error): CriticalError =>
  new CriticalError(
    'PORT_IN_USE',
    `Port ${port} on ${host} is taken by another program. Set PORT to a free one, e.g. PORT=${port + 1}.`,
    { setting: 'PORT', port, host },
    { cause },
  );

const cannotListen = (host: string, port: number, cause: NodeJS.ErrnoException): CriticalError =>
  new CriticalError(
    'CANNOT_LISTEN',
    `Cannot listen on ${host}:${port} (${cause.code ?? cause.message}). Check HOST and PORT.`,
    { setting: cause.code === 'EACCES' ? 'PORT' : 'HOST', port, host },
    { cause },
  );

/** Wildcards are no address that a browser can open. */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}
