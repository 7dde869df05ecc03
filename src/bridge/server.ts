/** Puts the bridge together and listens: HTTP and WebSocket on one port. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { type EngineName, EngineNames, OWN_ENGINE } from '../domain/engine/engine-names.ts';
import { CriticalError, ValidationError } from '../lib/errors.ts';
import { FairPlaces } from '../lib/fair-places.ts';
import { Auth } from './auth.ts';
import { type BridgeCommons, type EngineDesk, openDesk } from './engine-desk.ts';
import { EngineList } from './engine-list.ts';
import { JournalEvents } from './journal-events.ts';
import { journalLookup } from './journal-lookup.ts';
import {
  HTTP_HEADROOM,
  KEPT_PLACES_OF_PROCESS,
  MAX_COMMAND_LOOKUPS,
  MAX_OPEN_LOOKUPS,
  MAX_SOCKETS,
  MAX_STRANGERS,
  ORDINARY_PLACES_OF_PROCESS,
  READS_AT_ONCE,
} from './limits.ts';
import { bridgeMetrics } from './metrics.ts';
import { oneBackup } from './one-backup.ts';
import type { BridgePorts, ServedEngine } from './ports.ts';
import { Strangers } from './strangers.ts';
import { openTelegramDoor } from './telegram/open-door.ts';
import type { TelegramDoor } from './telegram/telegram-door.ts';
import type { Access } from './tokens.ts';
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
  const { journal, clock, logger, settings, metricsRegistry } = ports;
  const { engineId, mode, host, tokens } = settings;
  const metrics = bridgeMetrics(metricsRegistry);
  const wrongTokens = new WrongTokens({ nowMs: clock.nowMs, logger, count: () => metrics.wrongTokens.inc() });
  let port = settings.port;
  const own: ServedEngine = {
    ...{ engineId, name: null, policy: ports.policy, accountAddress: settings.accountAddress ?? null },
    inForce: () => settings.inForce ?? [],
  };
  const served = [own, ...(ports.engines ?? [])];
  const engines = new EngineList(served, ports.policy);
  let telegram: TelegramDoor | null = null;
  const commons: BridgeCommons = {
    ports,
    engines,
    auth: new Auth({ host, tokens, wrongTokens, port: () => port }),
    lookup: journalLookup(journal, MAX_OPEN_LOOKUPS),
    findCommand: journalLookup(journal, MAX_COMMAND_LOOKUPS),
    events: new JournalEvents({ journal, logger }),
    reads: new FairPlaces(READS_AT_ONCE),
    places: new FairPlaces(ORDINARY_PLACES_OF_PROCESS, KEPT_PLACES_OF_PROCESS),
    rightOfWay: ports.rightOfWay,
    ended: (commandId, answer) => telegram?.ended(commandId, answer),
    backup: oneBackup(ports.backup),
    newToken: async (access) => {
      if (ports.newToken === undefined) throw new ValidationError('PERMISSION_DENIED', 'It keeps no token of its own.');
      const token = await ports.newToken(access);
      tokens.replace(access, token);
      desks.signOut(access);
      logger.warn({ access }, 'The token was replaced; the former one opens nothing any longer');
      return token;
    },
  };
  const { auth } = commons;
  const first = openDesk(commons, own, { registry: metricsRegistry, bridge: metrics });
  const desks: EngineDesks = new EngineDesks(commons, served, first);
  const server = createServer((request, response) => {
    if (auth.accessOf(request) !== null) strangers.admit(request.socket);
    desks.routed(request).then(
      (desk) => desk.listener(request, response),
      (err: unknown) => {
        logger.error({ err }, 'An engine could not be opened for a request');
        response.writeHead(500).end();
      },
    );
  });
  server.maxConnections = MAX_SOCKETS + HTTP_HEADROOM + MAX_STRANGERS;
  const strangers = new Strangers(server, MAX_STRANGERS);
  server.on('upgrade', (request, stream, head) => {
    stream.on('error', () => stream.destroy());
    const refusal = auth.refusalOf(request, 'read');
    const access = auth.accessOf(request) ?? 'read';
    if (refusal === null) strangers.admit(request.socket);
    const accept = (desk: EngineDesk): void => {
      const path = (request.url ?? '').split('?', 1)[0];
      if (path !== SOCKET_PATH) {
        refuseUpgrade(stream, 404, { code: 'NOT_FOUND', message: `The socket is at ${SOCKET_PATH}.` });
      } else if (refusal === null) desk.sockets.accept(request, stream, head, access);
      else refuseUpgrade(stream, refusal.status, refusal.error);
    };
    desks.routed(request).then(accept, (err: unknown) => {
      logger.error({ err }, 'An engine could not be opened for a socket');
      stream.destroy();
    });
  });
  port = await listen(server, settings.host, settings.port);
  await first.start();
  if (ports.telegram != null) {
    const names = new EngineNames(engineId, namedOf(ports.engines ?? []));
    const handsOf = async (id: string) => (await desks.deskOf(served.find((one) => one.engineId === id) ?? own)).hands;
    telegram = openTelegramDoor(ports.telegram, { journal, clock, logger, names, engines, handsOf });
  }
  const url = `http://${urlHost(settings.host)}:${port}`;
  logger.info({ url, engineId, mode }, 'The bridge is listening');

  return {
    url,
    port,
    sockets: () => desks.sockets,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await telegram?.stop();
      await desks.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

const namedOf = (served: readonly ServedEngine[]): readonly EngineName[] =>
  served.flatMap(({ engineId, name }) => (name === null ? [] : [{ engineId, name }]));

/** The desks of the engines that are served, each opened when it is asked for first. */
class EngineDesks {
  readonly #commons: BridgeCommons;
  readonly #served: readonly ServedEngine[];
  readonly #first: EngineDesk;
  readonly #opened = new Map<string, EngineDesk>();
  #closed = false;

  constructor(commons: BridgeCommons, served: readonly ServedEngine[], first: EngineDesk) {
    this.#commons = commons;
    this.#served = served;
    this.#first = first;
  }

  get sockets(): number {
    return this.#all.reduce((sum, desk) => sum + desk.sockets.size, 0);
  }

  get #all(): readonly EngineDesk[] {
    return [this.#first, ...this.#opened.values()];
  }

  /**
   * The desk of the engine that an address names, by its id or its name, and the request's address below it; else the first
   * one, which knows the page and says what is not there.
   */
  async routed(request: IncomingMessage): Promise<EngineDesk> {
    const [, written = '', below = ''] = ENGINE_ADDRESS.exec(request.url ?? '') ?? [];
    const engine = this.#engineOf(written);
    if (engine === null) return this.#first;
    request.url = below;
    return await this.deskOf(engine);
  }

  #engineOf(written: string): ServedEngine | null {
    const wanted = decodedPart(written);
    if (wanted === null || wanted === '') return null;
    if (wanted === OWN_ENGINE) return this.#served[0] ?? null;
    return this.#served.find(({ engineId, name }) => engineId === wanted || name === wanted) ?? null;
  }

  async deskOf(engine: ServedEngine): Promise<EngineDesk> {
    if (engine.name === null || this.#closed) return this.#first;
    const known = this.#opened.get(engine.engineId);
    if (known !== undefined) return known;
    const registry = new Registry();
    const desk = openDesk(this.#commons, engine, { registry, bridge: bridgeMetrics(registry) });
    this.#opened.set(engine.engineId, desk);
    await desk.start();
    return desk;
  }

  signOut(access: Access): void {
    for (const { sockets } of this.#all) sockets.signOut(access);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#all.map((desk) => desk.close()));
    await this.#commons.events.close();
  }
}

/** `/engines/<id or name>` and then what each engine has of its own. */
const ENGINE_ADDRESS = /^\/engines\/([^/?]+)(\/(?:api\/|metrics|ws).*)$/;

function decodedPart(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
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
