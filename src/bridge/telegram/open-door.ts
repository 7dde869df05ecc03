/** Puts the door for Telegram into the bridge: its figures, its commands, and the lease by which one bridge polls. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { SOL_PERP } from '../../domain/account/account.ts';
import type { CommandAnswer } from '../../domain/order/command.ts';
import type { ExitRequest } from '../../domain/order/operation-request.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Clock } from '../../lib/clock.ts';
import type * as z from '../../lib/codec.ts';
import type { Json } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';
import type { State } from '../../protocol/state.ts';
import type { Commands } from '../commands.ts';
import type { Previewer } from '../preview-view.ts';
import type { IncomingCommand } from '../protocol.ts';
import { botApi } from './bot-api.ts';
import { type BotCommand, TelegramDoor, type TelegramPorts } from './telegram-door.ts';

export interface TelegramCommandSettings {
  readonly token: string;
  /** Numeric ids of the people who may command. */
  readonly users: readonly number[];
  /** Another address of the Bot API, in tests. */
  readonly api?: string;
  readonly pollSeconds?: number;
}

type StateJson = z.input<typeof State>;

interface DoorPorts {
  readonly journal: Journal;
  readonly commands: Commands;
  readonly preview: Previewer;
  readonly state: () => Promise<StateJson>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: TelegramPorts['limits'];
}

/** A poll lasts less, so whoever polls renews it in time. */
const LEASE_MS = 60_000;
const JOURNAL_MS = 3_000;
/** An effect that is not known by then is said to be unknown: an exit does not wait for its preview. */
const EFFECT_MS = 2_500;
const LEASE_NAME = 'telegram commands';

export function openTelegramDoor(settings: TelegramCommandSettings, ports: DoorPorts): TelegramDoor {
  const { journal, clock, logger, limits } = ports;
  const holder = randomUUID();
  const { token, api, pollSeconds } = settings;
  const [botId = ''] = token.split(':');
  return new TelegramDoor({
    ...{ clock, logger, botId, market: SOL_PERP },
    ...(limits === undefined ? {} : { limits }),
    users: new Set(settings.users),
    api: botApi({
      ...{ token, clock },
      ...(api === undefined ? {} : { api }),
      ...(pollSeconds === undefined ? {} : { pollSeconds }),
    }),
    holdsLease: async () => {
      const taken = await within(JOURNAL_MS, () => journal.takeLease(LEASE_NAME, holder, LEASE_MS));
      return taken.kind === 'value' ? taken.value : null;
    },
    muteUntil: async (untilMs) => {
      const kept = await within(JOURNAL_MS, () => journal.muteAlerts(untilMs));
      if (kept.kind !== 'value') throw new Error('the journal does not answer');
    },
    status: async () => {
      const found = await within(EFFECT_MS, ports.state);
      return found.kind === 'value' ? statusText(found.value) : 'Nothing is known of the engine now. Try again.';
    },
    effectOf: (command) => effectOf(command, ports),
    run: (command, commandId, operator) => run(command, commandId, operator, ports),
  }).start();
}

const incoming = (
  command: BotCommand,
  commandId: string,
  confirmationToken: string | null = null,
): IncomingCommand => ({
  kind: 'command',
  request: command,
  commandId,
  mode: null,
  confirmationToken,
});

/** The person has confirmed just what is asked back here: a second question would be the same one. */
async function run(command: BotCommand, id: string, operator: string, { commands }: DoorPorts): Promise<CommandAnswer> {
  const { answer } = await commands.run(incoming(command, id), operator);
  const token = answer.data.confirmation_token;
  if (answer.data.status !== 'confirmation_required' || typeof token !== 'string') return answer;
  return (await commands.run(incoming(command, id, token), operator)).answer;
}

interface Effect {
  readonly text: string;
  readonly shown: string;
}

async function effectOf(command: BotCommand, ports: DoorPorts): Promise<Effect> {
  const asked = await within(EFFECT_MS, ports.state);
  const state = asked.kind === 'value' ? asked.value : null;
  const where = state === null ? '' : `\nAccount ${state.engine.engine_id}, ${state.engine.mode} mode.`;
  const { what, bound } =
    'kind' in command ? await exitEffect(command, state, ports) : controlEffect(command, state?.engine.holds ?? null);
  const { engine_id: engine = null, mode = null } = state?.engine ?? {};
  return { text: what + where, shown: JSON.stringify({ command, engine, mode, bound }) };
}

/** `bound`: what must be the same when the person confirms. */
interface What {
  readonly what: string;
  readonly bound: Json;
}

async function exitEffect(command: ExitRequest, state: StateJson | null, ports: DoorPorts): Promise<What> {
  const position = state?.account?.perp_sol ?? null;
  const size = position === null ? 'of unknown size' : `of ${Math.abs(position)} SOL`;
  const what =
    command.kind === 'flatten'
      ? `Close every position (${size}), settle, and halt the engine.`
      : `Close the position ${size}.`;
  return { what: what + (await costsText(command, ports)), bound: position };
}

function controlEffect(command: Exclude<BotCommand, ExitRequest>, holds: StateJson['engine']['holds']): What {
  if (command.action === 'RESUME') {
    const list = holds === null ? 'unknown' : holds.map(({ reason }) => reason).join('; ') || 'none';
    return { what: `Clear the restrictions: ${list}.`, bound: list };
  }
  const { operationId, verdict, note } = command;
  const seen = note === '' ? '' : ` You saw: ${note}`;
  return { what: `Record that the transaction of operation ${operationId} ${verdict}.${seen}`, bound: null };
}

async function costsText(command: BotCommand, { preview }: DoorPorts): Promise<string> {
  const found = await within(EFFECT_MS, () => preview(incoming(command, 'preview')));
  if (found.kind !== 'value') return ' What it costs is not known now.';
  const { worst_price_usd: worst, fees_usd: fees } = found.value.costs;
  return worst === null || fees === null
    ? ' What it costs is not known now.'
    : ` Worst price $${worst.toFixed(2)}, fees about $${fees.toFixed(2)}.`;
}

const usd = (value: number | null | undefined): string =>
  value == null ? 'unknown' : `${value < 0 ? '−' : ''}$${Math.abs(value).toFixed(2)}`;
const sol = (value: number | null | undefined): string => (value == null ? 'unknown' : `${value.toFixed(4)} SOL`);

function statusText({ engine, account, drift_state: drift, age_ms: ageMs }: StateJson): string {
  const age = ageMs === null ? 'never read' : `read ${Math.round(ageMs / 1_000)} s ago`;
  const unresolved = engine.unresolved === null ? 'unknown' : engine.unresolved.join(', ') || 'none';
  const holds = engine.holds === null ? ['unknown'] : engine.holds.map(({ reason }) => reason);
  return [
    `${engine.engine_id}, ${engine.mode} mode`,
    `Engine ${engine.state ?? 'unknown'}, trading ${engine.trading_state ?? 'unknown'}`,
    `Equity ${usd(account?.equity_usd)}, health ${drift.health ?? 'unknown'}, liquidation ${liquidationText(account)}`,
    `Spot ${sol(account?.spot_sol)}, perp ${sol(account?.perp_sol)}, net ${sol(drift.net_delta)}`,
    `Operation: ${engine.operation === null ? 'none' : `${engine.operation.kind} (${engine.operation.stage})`}`,
    `Transactions with an unknown outcome: ${unresolved}`,
    `Restrictions: ${holds.join('; ') || 'none'}`,
    `Figures: ${age}`,
  ].join('\n');
}

function liquidationText(account: StateJson['account']): string {
  if (account === null || account.liq_kind === 'unknown') return 'unknown';
  return account.liq_kind === 'none' ? 'at no price' : usd(account.liq_price);
}
