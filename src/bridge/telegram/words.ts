/** What a person can write to the bot. Nothing here can add risk: the bot knows no word for it. */

/** As it was written. Null: none was. */
interface EngineWritten {
  readonly engine: string | null;
}

export type BotWords =
  | { readonly kind: 'help' }
  | ({ readonly kind: 'status' } & EngineWritten)
  | ({ readonly kind: 'unmute' } & EngineWritten)
  | ({ readonly kind: 'close' } & EngineWritten)
  | ({ readonly kind: 'flatten' } & EngineWritten)
  | ({ readonly kind: 'resume' } & EngineWritten)
  | ({ readonly kind: 'mute'; readonly minutes: number } & EngineWritten)
  | ({
      readonly kind: 'resolve';
      readonly operationId: string;
      readonly verdict: 'landed' | 'failed';
      readonly note: string;
    } & EngineWritten)
  | { readonly kind: 'confirm'; readonly code: string }
  /** Not understood; the sentence says what would be. */
  | { readonly kind: 'unclear'; readonly message: string };

/** In place of a name: for what concerns every engine. */
export const EVERY_ENGINE = 'all';
export const MOST_MUTED_MINUTES = 720;
const MAX_NOTE_CHARS = 500;

export const helpText = (several: boolean): string => {
  const engine = several ? ' <engine>' : '';
  return `What I understand:
${several ? '/status: all engines; /status <engine>: one of them' : '/status: how the account and the engine stand'}
/close${engine}: close the position
/flatten${engine}: close everything, settle, and halt
/resume${engine}: clear the restrictions that a person clears
/resolve${engine} <operation> landed|failed <what you saw>: the outcome of a transaction that nobody knows
/mute${several ? ' <engine>|all' : ''} 2h: no alerts that are not critical, for 5m to 12h
/unmute${several ? ', or /unmute <engine>' : ''}
/confirm <code>: go ahead, within 60 s of being asked
To open or enlarge a position, to deposit and to withdraw, use the page.`;
};

const PLAIN = ['status', 'close', 'flatten', 'resume', 'unmute'] as const;
const NOT_HERE = new Set(['open', 'deposit', 'withdraw', 'rebalance', 'start', 'stop', 'settle']);

/**
 * @param text as the person wrote it; `/close@my_bot` is `/close`
 * @param several the process has several engines, so that an engine is named behind the word
 */
export function readBotWords(text: string, several: boolean): BotWords {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const word = /^\/?([a-z]+)(@\w+)?$/i.exec(first)?.[1]?.toLowerCase() ?? '';
  const plain = PLAIN.find((one) => one === word);
  if (plain !== undefined) return plainWords(plain, rest, several);
  switch (word) {
    case 'help':
      return rest.length === 0 ? { kind: 'help' } : unclear('/help takes nothing behind it.');
    case 'mute':
      return muteWords(rest, several);
    case 'confirm':
      return rest.length === 1 && /^\d{6}$/.test(rest[0] ?? '')
        ? { kind: 'confirm', code: rest[0] ?? '' }
        : unclear('Write /confirm and the six digits that I gave you.');
    case 'resolve':
      return resolveWords(rest, several);
    default:
      if (NOT_HERE.has(word) && first !== '/start') return unclear(`/${word} is not possible from here. Use the page.`);
      return first === '/start' ? { kind: 'help' } : unclear(`I do not understand this.\n\n${helpText(several)}`);
  }
}

const unclear = (message: string): BotWords => ({ kind: 'unclear', message });

function plainWords(kind: (typeof PLAIN)[number], rest: readonly string[], several: boolean): BotWords {
  if (rest.length > (several ? 1 : 0))
    return unclear(`/${kind} takes ${several ? 'one engine and nothing else' : 'nothing'} behind it.`);
  return { kind, engine: rest[0] ?? null };
}

/** With several engines the time stands last, so that an engine may be called `2h`. */
function muteWords(rest: readonly string[], several: boolean): BotWords {
  const [, amount = '', unit = ''] = /^(\d{1,3})(m|h)$/i.exec(rest.at(-1) ?? '') ?? [];
  const minutes = Number(amount) * (unit.toLowerCase() === 'h' ? 60 : 1);
  const isRight = amount !== '' && minutes >= 5 && minutes <= MOST_MUTED_MINUTES;
  if (isRight && rest.length === 1) return { kind: 'mute', engine: null, minutes };
  if (isRight && rest.length === 2 && several) return { kind: 'mute', engine: rest[0] ?? null, minutes };
  return unclear(
    several
      ? 'Write /mute, an engine or all, and how long, from 5m to 12h: /mute all 2h'
      : 'Write /mute and how long, from 5m to 12h: /mute 2h',
  );
}

function resolveWords(rest: readonly string[], several: boolean): BotWords {
  const [engine, [operationId = '', verdict = '', ...words]] = several
    ? [rest[0] ?? null, rest.slice(1)]
    : [null, rest];
  const note = words.join(' ');
  if (verdict.toLowerCase() === 'retry')
    return unclear('A retry sends the transaction again: that is only possible on the page.');
  const outcome = (['landed', 'failed'] as const).find((one) => one === verdict.toLowerCase());
  if (!/^[\w-]{1,64}$/.test(operationId) || outcome === undefined)
    return unclear(
      `Write /resolve, ${several ? 'the engine, ' : ''}the id of the operation, landed or failed, and what you saw.`,
    );
  if (note.length > MAX_NOTE_CHARS) return unclear(`What you saw, in at most ${MAX_NOTE_CHARS} characters.`);
  return { kind: 'resolve', engine, operationId, verdict: outcome, note };
}
