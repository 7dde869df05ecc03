/** What a person can write to the bot. Nothing here can add risk: the bot knows no word for it. */

export type BotWords =
  | { readonly kind: 'help' }
  | { readonly kind: 'status' }
  | { readonly kind: 'unmute' }
  | { readonly kind: 'close' }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'resume' }
  | { readonly kind: 'mute'; readonly minutes: number }
  | {
      readonly kind: 'resolve';
      readonly operationId: string;
      readonly verdict: 'landed' | 'failed';
      readonly note: string;
    }
  | { readonly kind: 'confirm'; readonly code: string }
  /** Not understood; the sentence says what would be. */
  | { readonly kind: 'unclear'; readonly message: string };

export const MOST_MUTED_MINUTES = 720;
const MAX_NOTE_CHARS = 500;

export const HELP = `What I understand:
/status: how the account and the engine stand
/close: close the position
/flatten: close everything, settle, and halt
/resume: clear the restrictions that a person clears
/resolve <operation> landed|failed <what you saw>: the outcome of a transaction that nobody knows
/mute 2h: no alerts that are not critical, for 5m to 12h
/unmute
/confirm <code>: go ahead, within 60 s of being asked
To open or enlarge a position, to deposit and to withdraw, use the page.`;

const PLAIN = ['help', 'status', 'close', 'flatten', 'resume', 'unmute'] as const;
const NOT_HERE = new Set(['open', 'deposit', 'withdraw', 'rebalance', 'start', 'stop', 'settle']);

/** @param text as the person wrote it; `/close@my_bot` is `/close` */
export function readBotWords(text: string): BotWords {
  const [first = '', ...rest] = text.trim().split(/\s+/);
  const word = /^\/?([a-z]+)(@\w+)?$/i.exec(first)?.[1]?.toLowerCase() ?? '';
  const plain = PLAIN.find((one) => one === word);
  if (plain !== undefined) return rest.length === 0 ? { kind: plain } : unclear(`/${plain} takes nothing behind it.`);
  switch (word) {
    case 'mute':
      return muteWords(rest);
    case 'confirm':
      return rest.length === 1 && /^\d{6}$/.test(rest[0] ?? '')
        ? { kind: 'confirm', code: rest[0] ?? '' }
        : unclear('Write /confirm and the six digits that I gave you.');
    case 'resolve':
      return resolveWords(rest);
    default:
      if (NOT_HERE.has(word) && first !== '/start') return unclear(`/${word} is not possible from here. Use the page.`);
      return first === '/start' ? { kind: 'help' } : unclear(`I do not understand this.\n\n${HELP}`);
  }
}

const unclear = (message: string): BotWords => ({ kind: 'unclear', message });

function muteWords(rest: readonly string[]): BotWords {
  const [, amount = '', unit = ''] = /^(\d{1,3})(m|h)$/i.exec(rest[0] ?? '') ?? [];
  const minutes = Number(amount) * (unit.toLowerCase() === 'h' ? 60 : 1);
  return rest.length === 1 && amount !== '' && minutes >= 5 && minutes <= MOST_MUTED_MINUTES
    ? { kind: 'mute', minutes }
    : unclear('Write /mute and how long, from 5m to 12h: /mute 2h');
}

function resolveWords([operationId = '', verdict = '', ...words]: readonly string[]): BotWords {
  const note = words.join(' ');
  if (verdict.toLowerCase() === 'retry')
    return unclear('A retry sends the transaction again: that is only possible on the page.');
  const outcome = (['landed', 'failed'] as const).find((one) => one === verdict.toLowerCase());
  if (!/^[\w-]{1,64}$/.test(operationId) || outcome === undefined)
    return unclear('Write /resolve, the id of the operation, landed or failed, and what you saw.');
  if (note.length > MAX_NOTE_CHARS) return unclear(`What you saw, in at most ${MAX_NOTE_CHARS} characters.`);
  return { kind: 'resolve', operationId, verdict: outcome, note };
}
