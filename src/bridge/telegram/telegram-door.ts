/**
 * Commands by Telegram, for the people whose ids are listed, each in their own chat with the bot. It can look, close, halt,
 * clear and mute; nothing that adds risk can be said to it. What changes something is asked back first. The command's id comes
 * from Telegram's id of the message, so that a message that is delivered twice acts once.
 */

import type { Logger } from 'pino';
import type { EngineName, EngineNames } from '../../domain/engine/engine-names.ts';
import { actionOf, type CommandAnswer, type ControlRequest } from '../../domain/order/command.ts';
import type { ExitRequest } from '../../domain/order/operation-request.ts';
import { BoundedMap } from '../../lib/bounded.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Repeated, repeatEvery } from '../../lib/repeat.ts';
import { sleep } from '../../lib/sleep.ts';
import type { BotApi, BotMessage } from './bot-api.ts';
import { BotConfirmations, CONFIRM_WITHIN_MS } from './confirmations.ts';
import { type BotWords, EVERY_ENGINE, helpText, readBotWords } from './words.ts';

/** What a person can have done from here. */
export type BotCommand =
  | ExitRequest
  | Extract<ControlRequest, { readonly action: 'RESOLVE_TRANSACTION' }>
  | { readonly action: 'RESUME' };

/** What is about to be done, or why it cannot be. */
export type BotEffect =
  | {
      readonly kind: 'effect';
      /** As a person reads it. */
      readonly text: string;
      /** What of it must not have changed when it is confirmed. */
      readonly shown: string;
    }
  | { readonly kind: 'impossible'; readonly why: string };

interface CommandOfEngine {
  readonly engine: EngineName;
  readonly command: BotCommand;
}

/** Who waits for the end of a command. */
interface Follower {
  readonly chatId: number;
  readonly engine: EngineName;
}

export interface TelegramPorts {
  readonly api: BotApi;
  /** Who may command. */
  readonly users: ReadonlySet<number>;
  /** Of the bot, the part of its token before the colon: update ids are unique for it alone. */
  readonly botId: string;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  readonly newCode?: () => string;
  /** Whether this process is the one that polls. Ends within its own time; null: nobody can tell now. */
  readonly holdsLease: () => Promise<boolean | null>;
  /** Of this process. With several of them whatever changes something names its engine. */
  readonly engines: EngineNames;
  /** Null: of all engines. */
  readonly status: (engine: EngineName | null) => Promise<string>;
  readonly effectOf: (engine: EngineName, command: BotCommand) => Promise<BotEffect>;
  /** Its first answer. It never rejects. */
  readonly run: (
    engine: EngineName,
    command: BotCommand,
    commandId: string,
    operator: string,
  ) => Promise<CommandAnswer>;
  /** Null: of all engines. @throws when it cannot be kept */
  readonly muteUntil: (untilMs: number, engine: EngineName | null) => Promise<void>;
  /** Null: all, those of single engines too. @throws when it cannot be kept */
  readonly unmute: (engine: EngineName | null) => Promise<void>;
  readonly market: string;
  readonly limits?: Partial<typeof TELEGRAM_LIMITS>;
}

export const TELEGRAM_LIMITS = {
  /** Older messages are answered and not acted on. */
  maxAgeMs: 30_000,
  /** After a round that failed, or without the lease. */
  pauseMs: 5_000,
  /** Messages of one person within a minute; more are left unanswered. */
  perMinute: 20,
  /** How often a stranger is named in the log. */
  strangerMs: 60_000,
};

const MINUTE_MS = 60_000;
const MAX_FOLLOWED = 256;
const TOO_LATE =
  'Too late: this message is older than 30 seconds, so nothing was done. Send it again if you still want it.';

export class TelegramDoor {
  readonly #ports: TelegramPorts;
  readonly #limits: typeof TELEGRAM_LIMITS;
  readonly #confirmations: BotConfirmations<CommandOfEngine>;
  /** Commands whose end is still to be told, and to whom. */
  readonly #followed = new BoundedMap<string, Follower>(MAX_FOLLOWED);
  readonly #times = new Map<number, number[]>();
  #offset: number | null = null;
  #held = false;
  #strangerAtMs = Number.NEGATIVE_INFINITY;
  #failing = false;
  #rounds: Repeated | null = null;

  constructor(ports: TelegramPorts) {
    this.#ports = ports;
    this.#limits = { ...TELEGRAM_LIMITS, ...ports.limits };
    this.#confirmations = new BotConfirmations(ports.newCode);
  }

  start(): this {
    this.#rounds = repeatEvery(0, (signal) => this.#guardedRound(signal));
    return this;
  }

  async stop(): Promise<void> {
    await this.#rounds?.stop();
  }

  /** How a command ended that was answered before its end was known. */
  ended(commandId: string, answer: CommandAnswer): void {
    const follower = this.#followed.get(commandId);
    if (follower === undefined) return;
    this.#followed.delete(commandId);
    void this.#ports.api.send(follower.chatId, this.#inTheNameOf(follower.engine, answerText(answer)));
  }

  /** Where there are several, a text begins with the engine that it is about. */
  #inTheNameOf({ name }: EngineName, text: string): string {
    return this.#ports.engines.areSeveral ? `${name}: ${text}` : text;
  }

  async #guardedRound(signal: AbortSignal): Promise<void> {
    try {
      await this.#round(signal);
    } catch (err) {
      this.#ports.logger.warn({ err }, 'A round of Telegram commands failed; going on');
      await sleep(this.#limits.pauseMs, signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    // A journal that does not answer leaves the work where it was: an exit must not wait for it.
    this.#held = (await this.#ports.holdsLease()) ?? this.#held;
    if (!this.#held) return await sleep(this.#limits.pauseMs, signal);
    const found = await this.#ports.api.updates(this.#offset, signal);
    if (signal.aborted) return;
    if (found.kind !== 'updates') return await this.#failed(found, signal);
    this.#failing = false;
    const late = new Set<number>();
    for (const message of found.messages) await this.#take(message, late);
    for (const chatId of late) await this.#ports.api.send(chatId, TOO_LATE);
    // Telegram forgets them with the next question: what a crash leaves unsettled comes again, under the same id.
    this.#offset = found.nextOffset ?? this.#offset;
  }

  async #failed(
    found:
      | { readonly kind: 'conflict' }
      | { readonly kind: 'failed'; readonly why: string; readonly waitMs: number | null },
    signal: AbortSignal,
  ): Promise<void> {
    const why = found.kind === 'conflict' ? 'another program reads this bot’s messages' : found.why;
    if (!this.#failing) this.#ports.logger.warn({ why }, 'Telegram commands cannot be read; trying again');
    this.#failing = true;
    await sleep((found.kind === 'failed' ? found.waitMs : null) ?? this.#limits.pauseMs, signal);
  }

  async #take(message: BotMessage, late: Set<number>): Promise<void> {
    const { users, clock, api } = this.#ports;
    const { userId, chatId, isPrivate, isForwarded, sentAtMs, text } = message;
    if (!users.has(userId)) return this.#stranger(userId);
    // Only the person reads what is written there. Of a private chat the id is the person's own.
    if (!isPrivate || chatId !== userId) return;
    if (this.#isTooMany(userId)) return;
    if (isForwarded)
      return void (await api.send(chatId, 'This message was written by somebody else. Nothing was done.'));
    const ageMs = clock.nowMs() - sentAtMs;
    if (ageMs > this.#limits.maxAgeMs) return void late.add(chatId);
    if (ageMs < -this.#limits.maxAgeMs) {
      const seconds = Math.round(-ageMs / 1_000);
      return void (await api.send(
        chatId,
        `The clock of the machine is ${seconds} s behind Telegram’s, so how old your message is cannot be told. Nothing was done. Set the clock.`,
      ));
    }
    const answer = await this.#answer(readBotWords(text, this.#ports.engines.areSeveral), message);
    if (!(await api.send(chatId, answer)))
      this.#ports.logger.warn({ user: userId }, 'An answer could not be sent by Telegram');
  }

  #stranger(userId: number): void {
    const nowMs = this.#ports.clock.nowMs();
    if (nowMs - this.#strangerAtMs < this.#limits.strangerMs) return;
    this.#strangerAtMs = nowMs;
    this.#ports.logger.warn({ user: userId }, 'Somebody who is not in TELEGRAM_COMMAND_USERS writes to the bot');
  }

  #isTooMany(userId: number): boolean {
    const nowMs = this.#ports.clock.nowMs();
    const recent = (this.#times.get(userId) ?? []).filter((atMs) => atMs > nowMs - MINUTE_MS);
    this.#times.set(userId, [...recent, nowMs].slice(-this.#limits.perMinute));
    return recent.length >= this.#limits.perMinute;
  }

  async #answer(words: BotWords, message: BotMessage): Promise<string> {
    switch (words.kind) {
      case 'help':
        return helpText(this.#ports.engines.areSeveral);
      case 'unclear':
        return words.message;
      case 'confirm':
        return await this.#confirm(words.code, message);
      default: {
        const found = this.#engineOf(words);
        return found.kind === 'not found' ? found.why : await this.#ofEngine(words, found.engine, message);
      }
    }
  }

  /** Null: all of them. What changes something is never about an engine that was not named, unless it is the only one. */
  #engineOf(words: WordsOfEngine): { kind: 'found'; engine: EngineName | null } | { kind: 'not found'; why: string } {
    const { engines } = this.#ports;
    const { kind, engine: written } = words;
    if (!engines.areSeveral) return { kind: 'found', engine: engines.own };
    const takesAll = kind === 'status' || kind === 'mute' || kind === 'unmute';
    if (written === null && (kind === 'status' || kind === 'unmute')) return { kind: 'found', engine: null };
    if (written?.toLowerCase() === EVERY_ENGINE && takesAll) return { kind: 'found', engine: null };
    if (written !== null) return engines.find(written);
    const example = kind === 'mute' ? '/mute all 2h, or /mute <engine> 2h' : `/${kind} <engine>`;
    return { kind: 'not found', why: `Which engine? Write ${example}. ${engines.choices()}` };
  }

  async #ofEngine(words: WordsOfEngine, engine: EngineName | null, message: BotMessage): Promise<string> {
    if (words.kind === 'status') return await this.#ports.status(engine);
    if (words.kind === 'mute') return await this.#mute(words.minutes, engine);
    if (words.kind === 'unmute') return await this.#unmute(engine);
    return await this.#ask(engine ?? this.#ports.engines.own, commandOf(words, this.#ports.market), message);
  }

  async #mute(minutes: number, engine: EngineName | null): Promise<string> {
    const { clock, engines, muteUntil } = this.#ports;
    const ofOne = engines.areSeveral ? engine : null;
    const untilMs = clock.nowMs() + minutes * MINUTE_MS;
    try {
      await muteUntil(untilMs, ofOne);
    } catch {
      return NOT_KEPT;
    }
    const of = ofOne === null ? '' : ` of ${ofOne.name}`;
    const until = new Date(untilMs).toISOString().slice(11, 16);
    return `Until ${until} UTC only critical alerts${of} are sent. The others come then, together.`;
  }

  async #unmute(engine: EngineName | null): Promise<string> {
    const { engines, unmute } = this.#ports;
    const ofOne = engines.areSeveral ? engine : null;
    try {
      await unmute(ofOne);
    } catch {
      return NOT_KEPT;
    }
    return ofOne === null
      ? 'All alerts are sent again.'
      : `The alerts of ${ofOne.name} are sent again, unless all engines are muted (/unmute ends that too).`;
  }

  async #ask(engine: EngineName, command: BotCommand, { userId, updateId }: BotMessage): Promise<string> {
    const { botId, clock, effectOf } = this.#ports;
    const effect = await effectOf(engine, command);
    if (effect.kind === 'impossible') return this.#inTheNameOf(engine, effect.why);
    const { text, shown } = effect;
    const commandId = `telegram:${botId}:${updateId}`;
    const code = this.#confirmations.ask(userId, { command: { engine, command }, shown, commandId }, clock.nowMs());
    const asked = this.#inTheNameOf(engine, text);
    return `${asked}\n\nTo go ahead, write within ${CONFIRM_WITHIN_MS / 1_000} s:\n/confirm ${code}`;
  }

  async #confirm(code: string, { userId, chatId }: BotMessage): Promise<string> {
    const { clock, effectOf, run, logger } = this.#ports;
    const found = this.#confirmations.take(userId, code, clock.nowMs());
    if (found.kind !== 'confirmed') return NOT_CONFIRMED[found.kind];
    const { shown, commandId } = found.asked;
    const { engine, command } = found.asked.command;
    const now = await effectOf(engine, command);
    if (now.kind === 'impossible') return this.#inTheNameOf(engine, now.why);
    if (now.shown !== shown) {
      const text = this.#inTheNameOf(engine, now.text);
      return `It has changed since you were asked, so nothing was done. Now it is:\n${text}\nSend the command again.`;
    }
    const { engineId } = engine;
    logger.info({ action: actionOf(command), engineId, commandId, user: userId }, 'A command by Telegram');
    const answer = await run(engine, command, commandId, `telegram user ${userId}`);
    const { status } = answer.data;
    if (status === 'pending' || status === 'unknown') this.#followed.set(commandId, { chatId, engine });
    return this.#inTheNameOf(engine, answerText(answer));
  }
}

type WordsOfEngine = Exclude<BotWords, { readonly kind: 'help' | 'unclear' | 'confirm' }>;

const NOT_KEPT = 'The journal does not answer, so this could not be kept. Nothing was changed. Try again.';
const NOT_CONFIRMED = {
  none: 'Nothing waits to be confirmed. Send the command first.',
  wrong: 'That is not the code. Nothing was done.',
  'too late': 'Too late: more than 60 s have passed, and nothing was done. Send the command again.',
} as const;

function commandOf(
  words: Extract<BotWords, { readonly kind: 'close' | 'flatten' | 'resume' | 'resolve' }>,
  market: string,
): BotCommand {
  if (words.kind === 'resume') return { action: 'RESUME' };
  if (words.kind !== 'resolve') return { kind: words.kind, market };
  const { operationId, verdict, note } = words;
  return { action: 'RESOLVE_TRANSACTION', operationId, verdict, note };
}

/** The sentence of an answer, and for a refusal what helps. */
function answerText({ message, data, error }: CommandAnswer): string {
  const remedy = error?.details?.remedy;
  return [
    message,
    ...(typeof remedy === 'string' && !message.includes(remedy) ? [remedy] : []),
    ...(data.status === 'pending' ? ['I write again when it has ended.'] : []),
    ...(typeof data.operation_id === 'string' ? [`Operation ${data.operation_id}`] : []),
  ].join('\n');
}
