/** COMMAND, the one message that comes in: each action with its data. What a schema expects is told in INVALID_FIELD. */
import type { Action } from '../domain/order/command.ts';
import * as z from '../lib/codec.ts';
import { NumberText } from '../lib/number-text.ts';

export const MAX_COMMAND_ID_CHARS = 128;
export const MAX_NOTE_CHARS = 500;
const MAX_MARKET_CHARS = 64;
const MAX_TOKEN_CHARS = 256;
const MAX_ASSET_CHARS = 32;

const text = (expected: string, matches: (value: string) => boolean) =>
  new z.Plain<string>(expected, (value) => typeof value === 'string' && matches(value));

const oneOf = <const Words extends readonly string[]>(...words: Words) => {
  const quoted = words.map((word) => `"${word}"`);
  const expected = [quoted.slice(0, -1).join(', '), quoted.at(-1)].join(' or ');
  return new z.Plain<Words[number]>(expected, (value) => words.includes(value as string));
};

const NUMBER_OR_TEXT = 'a positive number, or the same as a text';

/** The text of a JSON number or of a string; what it amounts to depends on the decimals of its asset. */
const amount = new z.Converted<string, string | number>(
  NUMBER_OR_TEXT,
  (json) => {
    if (json instanceof NumberText) return json.text;
    return typeof json === 'string' ? json : typeof json === 'number' ? String(json) : undefined;
  },
  (value) => (typeof value === 'string' ? value : undefined),
);

const market = text(
  'the name of a market, e.g. "SOL-PERP"',
  (value) => value.length > 0 && value.length <= MAX_MARKET_CHARS,
);
const mode = oneOf('paper', 'live');
const ofMarket = z.object({ market });
const nothing = z.object({});

const capital = z.object({
  amount: amount.about('At most 9 decimals of SOL, 6 of the quote asset.'),
  asset: text(
    '"SOL" or the symbol of the account\'s quote asset',
    (value) => value.length > 0 && value.length <= MAX_ASSET_CHARS,
  )
    .optional()
    .about('SOL when absent. The state has the symbol as account.quote_asset; any other is refused.'),
});

export const COMMAND_DATA = {
  START_ENGINE: z.object({ mode: mode.about('The mode that the engine must be in.') }),
  STOP_ENGINE: nothing,
  GET_STATE: nothing,
  REBALANCE: nothing,
  FLATTEN: nothing,
  RESUME: nothing,
  DRIFT_DEPOSIT: capital,
  DRIFT_WITHDRAW: capital,
  DRIFT_OPEN_POSITION: z.object({
    market,
    direction: oneOf('long', 'short'),
    size: amount.unit('SOL').about('At most 9 decimals, a multiple of the step size.'),
  }),
  DRIFT_CLOSE_POSITION: ofMarket,
  SETTLE_PNL: ofMarket,
  ADOPT_POSITION: ofMarket,
  ENABLE_AUTO_CARRY: z.object({
    market,
    policy_hash: text('the policy_hash of /api/carry', (value) => /^[0-9a-f]{8,64}$/.test(value)).about(
      'Names the policy and the limits that were seen: those of /api/carry (auto.policy_hash). Any other is refused.',
    ),
  }),
  RESOLVE_TRANSACTION: z.object({
    operation_id: text('the id of an operation: 1 to 64 letters, digits, - or _', (value) =>
      /^[\w-]{1,64}$/.test(value),
    ),
    verdict: oneOf('landed', 'failed', 'retry').about('What happened to the transaction.'),
    note: text(`a text of at most ${MAX_NOTE_CHARS} characters`, (value) => value.length <= MAX_NOTE_CHARS)
      .optional()
      .about('What you saw, for the record.'),
  }),
} as const satisfies Readonly<Record<Action, z.Codec<unknown, unknown>>>;

/** Fields that the data of any command may have beside its own. */
export const COMMON_DATA = z.object({
  mode: mode.optional().about('The command is refused when the engine is in another mode.'),
  confirmation_token: text(
    'the token of a confirmation_required answer',
    (value) => value.length > 0 && value.length <= MAX_TOKEN_CHARS,
  )
    .optional()
    .about('Confirms the command of this command_id.'),
});

export const COMMAND_ID = text(
  `a text of 1 to ${MAX_COMMAND_ID_CHARS} letters, digits, or . _ : -`,
  (value) => value.length <= MAX_COMMAND_ID_CHARS && /^[\w.:-]+$/.test(value),
);

/** What a client sends, as the page does. */
export interface CommandMessage<Of extends Action = Action> {
  readonly type: 'COMMAND';
  readonly action: Of;
  readonly command_id?: string;
  readonly protocol?: number;
  readonly data: z.input<(typeof COMMAND_DATA)[Of]> & z.input<typeof COMMON_DATA>;
}
