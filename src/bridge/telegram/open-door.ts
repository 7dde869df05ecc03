/** Puts the door for Telegram into the bridge: the figures and commands of its engines, and the lease by which one bridge polls. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { SOL_PERP } from '../../domain/account/account.ts';
import type { EngineName, EngineNames } from '../../domain/engine/engine-names.ts';
import type { CommandAnswer } from '../../domain/order/command.ts';
import type { ExitRequest } from '../../domain/order/operation-request.ts';
import type { Journal } from '../../journal/journal.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Json } from '../../lib/errors.ts';
import { within } from '../../lib/within.ts';
import type { DeskHands } from '../engine-desk.ts';
import type { EngineList } from '../engine-list.ts';
import type { TelegramCommandSettings } from '../ports.ts';
import type { IncomingCommand } from '../protocol.ts';
import { botApi } from './bot-api.ts';
import { enginesText, type StateJson, statusText } from './status-texts.ts';
import { type BotCommand, type BotEffect, TelegramDoor, type TelegramPorts } from './telegram-door.ts';

interface DoorPorts {
  readonly journal: Journal;
  readonly names: EngineNames;
  /** With their last figures. */
  readonly engines: EngineList;
  /** Of one of this process. */
  readonly handsOf: (engineId: string) => Promise<DeskHands>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: TelegramPorts['limits'];
}

/** A poll lasts less, so whoever polls renews it in time. */
const LEASE_MS = 60_000;
const JOURNAL_MS = 3_000;
/** An effect that is not known by then is said to be unknown: an exit does not wait for its preview. */
const EFFECT_MS = 2_500;
/** A list of a thousand engines takes a second; what was read last is given sooner. */
const LIST_MS = 5_000;
const LEASE_NAME = 'telegram commands';

export function openTelegramDoor(settings: TelegramCommandSettings, ports: DoorPorts): TelegramDoor {
  const { journal, names, handsOf, clock, logger, limits } = ports;
  const holder = randomUUID();
  const { token, api, pollSeconds } = settings;
  const [botId = ''] = token.split(':');
  const kept = async (work: () => Promise<void>): Promise<void> => {
    const done = await within(JOURNAL_MS, work);
    if (done.kind !== 'value') throw new Error('the journal does not answer');
  };
  return new TelegramDoor({
    ...{ clock, logger, botId, market: SOL_PERP, engines: names },
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
    muteUntil: (untilMs, engine) => kept(() => journal.muteAlerts(untilMs, engine?.engineId ?? null)),
    unmute: (engine) => kept(() => journal.unmuteAlerts(engine?.engineId ?? null)),
    status: (engine) => (engine === null ? statusOfAll(ports) : statusOfOne(engine, ports)),
    effectOf: (engine, command) => effectOf(engine, command, ports),
    run: async ({ engineId }, command, commandId, operator) =>
      await run(command, commandId, operator, await handsOf(engineId)),
  }).start();
}

async function statusOfOne({ engineId, name }: EngineName, { names, handsOf }: DoorPorts): Promise<string> {
  const found = await within(EFFECT_MS, async () => await (await handsOf(engineId)).state());
  const text = found.kind === 'value' ? statusText(found.value) : 'Nothing is known of the engine now. Try again.';
  return names.areSeveral ? `${name}: ${text}` : text;
}

async function statusOfAll({ journal, names, engines }: DoorPorts): Promise<string> {
  const found = await within(LIST_MS, () => engines.read(journal, names.own.engineId));
  return found.kind === 'value'
    ? enginesText(names, found.value.items)
    : `Nothing is known of the engines now. Try again, or ask for one: /status <engine>. ${names.choices()}`;
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
async function run(command: BotCommand, id: string, operator: string, { commands }: DeskHands): Promise<CommandAnswer> {
  const { answer } = await commands.run(incoming(command, id), operator);
  const token = answer.data.confirmation_token;
  if (answer.data.status !== 'confirmation_required' || typeof token !== 'string') return answer;
  return (await commands.run(incoming(command, id, token), operator)).answer;
}

async function effectOf({ engineId }: EngineName, command: BotCommand, ports: DoorPorts): Promise<BotEffect> {
  const hands = await ports.handsOf(engineId);
  if (!('kind' in command) && command.action === 'RESOLVE_TRANSACTION') {
    const why = await whyNotItsOperation(engineId, command.operationId, ports);
    if (why !== null) return { kind: 'impossible', why };
  }
  const asked = await within(EFFECT_MS, hands.state);
  const state = asked.kind === 'value' ? asked.value : null;
  const where = state === null ? '' : `\nAccount ${engineId}, ${state.engine.mode} mode.`;
  const { what, bound } =
    'kind' in command ? await exitEffect(command, state, hands) : controlEffect(command, state?.engine.holds ?? null);
  const mode = state?.engine.mode ?? null;
  return { kind: 'effect', text: what + where, shown: JSON.stringify({ command, engine: engineId, mode, bound }) };
}

/** A verdict goes to the operation itself: so it must be of the engine that was named. Null: it is, or nobody can tell now. */
async function whyNotItsOperation(
  engineId: string,
  operationId: string,
  { journal, names }: DoorPorts,
): Promise<string | null> {
  const found = await within(JOURNAL_MS, () => journal.operation(operationId));
  if (found.kind !== 'value' || found.value === null || found.value.engineId === engineId) return null;
  const owner = found.value.engineId;
  return `Operation ${operationId} is of another engine, ${names.nameOf(owner) ?? owner}. Nothing was done.`;
}

/** `bound`: what must be the same when the person confirms. */
interface What {
  readonly what: string;
  readonly bound: Json;
}

async function exitEffect(command: ExitRequest, state: StateJson | null, hands: DeskHands): Promise<What> {
  const position = state?.account?.perp_sol ?? null;
  const size = position === null ? 'of unknown size' : `of ${Math.abs(position)} SOL`;
  const what =
    command.kind === 'flatten'
      ? `Close every position (${size}), settle, and halt the engine.`
      : `Close the position ${size}.`;
  return { what: what + (await costsText(command, hands)), bound: position };
}

function controlEffect(command: Exclude<BotCommand, ExitRequest>, holds: StateJson['engine']['holds']): What {
  if (command.action === 'RESUME') {
    const list = holds === null ? 'unknown' : holds.map(({ reason }) => reason).join('; ') || 'none';
    return { what: `Clear the restrictions: ${list.replace(/\.$/, '')}.`, bound: list };
  }
  const { operationId, verdict, note } = command;
  const seen = note === '' ? '' : ` You saw: ${note}`;
  return { what: `Record that the transaction of operation ${operationId} ${verdict}.${seen}`, bound: null };
}

async function costsText(command: BotCommand, { preview }: DeskHands): Promise<string> {
  const found = await within(EFFECT_MS, () => preview(incoming(command, 'preview')));
  if (found.kind !== 'value') return ' What it costs is not known now.';
  const { worst_price_usd: worst, fees_usd: fees } = found.value.costs;
  return worst === null || fees === null
    ? ' What it costs is not known now.'
    : ` Worst price $${worst.toFixed(2)}, fees about $${fees.toFixed(2)}.`;
}
