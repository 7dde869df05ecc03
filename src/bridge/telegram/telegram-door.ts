/**
 * Commands by Telegram, for the people whose ids are listed, each in their own chat with the bot. It can look, close, halt,
 * clear and mute; nothing that adds risk can be said to it. What changes something is asked back first. The command's id comes
 * from Telegram's id of the message, so that a message that is delivered twice acts once.
 */

import type { Logger } from 'pino';
import { actionOf, type CommandAnswer, type ControlRequest } from '../../domain/order/command.ts';
import type { ExitRequest } from '../../domain/order/operation-request.ts';
import { BoundedMap } from '../../lib/bounded.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Repeated, repeatEvery } from '../../lib/repeat.ts';
import { sleep } from '../../lib/sleep.ts';
import type { BotApi, BotMessage } from './bot-api.ts';
import { BotConfirmations, CONFIRM_WITHIN_MS } from './confirmations.ts';
import { type BotWords, HELP, readBotWords } from './words.ts';

/** What a person can have done from here. */
export type BotCommand =
  | ExitRequest
  | Extract<ControlRequest, { readonly action: 'RESOLVE_TRANSACTION' }>
  | { readonly action: 'RESUME' };

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
  readonly status: () => Promise<string>;
  /** What the command is about to do, as a person reads it, and what of it must not have changed when it is confirmed. */
  readonly effectOf: (command: BotCommand) => Promise<{ readonly text: string; readonly shown: string }>;
  /** Its first answer. It never rejects. */
  readonly run: (command: BotCommand, commandId: string, operator: string) => Promise<CommandAnswer>;
  /** @throws when it cannot be kept */
  readonly muteUntil: (untilMs: number) => Promise<void>;
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
  readonly #confirmations: BotConfirmations<BotCommand>;
  /** Commands whose end is still to be told, and to whom. */
  readonly #followed = new BoundedMap<string, number>(MAX_FOLLOWED);
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
    const chatId = this.#followed.get(commandId);
    if (chatId === undefined) return;
    this.#followed.delete(commandId);
    void this.#ports.api.send(chatId, answerText(answer));
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
    const answer = await this.#answer(readBotWords(text), message);
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
        return HELP;
      case 'unclear':
        return words.message;
      case 'status':
        return await this.#ports.status();
      case 'mute':
        return await this.#mute(words.minutes);
      case 'unmute':
        return await this.#mute(0);
      case 'confirm':
        return await this.#confirm(words.code, message);
      default:
        return await this.#ask(commandOf(words, this.#ports.market), message);
    }
  }

  async #mute(minutes: number): Promise<string> {
    const untilMs = this.#ports.clock.nowMs() + minutes * MINUTE_MS;
    try {
      await this.#ports.muteUntil(untilMs);
    } catch {
      return 'The journal does not answer, so this could not be kept. Nothing was changed. Try again.';
    }
    return minutes === 0
      ? 'All alerts are sent again.'
      : `Until ${new Date(untilMs).toISOString().slice(11, 16)} UTC only critical alerts are sent. The others come then, together.`;
  }

  async #ask(command: BotCommand, { userId, updateId }: BotMessage): Promise<string> {
    const { botId, clock, effectOf } = this.#ports;
    const { text, shown } = await effectOf(command);
    const commandId = `telegram:${botId}:${updateId}`;
    const code = this.#confirmations.ask(userId, { command, shown, commandId }, clock.nowMs());
    return `${text}\n\nTo go ahead, write within ${CONFIRM_WITHIN_MS / 1_000} s:\n/confirm ${code}`;
  }

  async #confirm(code: string, { userId, chatId }: BotMessage): Promise<string> {
    const { clock, effectOf, run, logger } = this.#ports;
    const found = this.#confirmations.take(userId, code, clock.nowMs());
    if (found.kind !== 'confirmed') return NOT_CONFIRMED[found.kind];
    const { command, shown, commandId } = found.asked;
    const now = await effectOf(command);
    if (now.shown !== shown)
      return `It has changed since you were asked, so nothing was done. Now it is:\n${now.text}\nSend the command again.`;
    logger.info({ action: actionOf(command), commandId, user: userId }, 'A command by Telegram');
    const answer = await run(command, commandId, `telegram user ${userId}`);
    if (answer.data.status === 'pending' || answer.data.status === 'unknown') this.#followed.set(commandId, chatId);
    return answerText(answer);
  }
}

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
