/** The socket's messages: what comes in, as parsed at the edge, and the frames that go out. */
import type { Asset } from '../domain/account/account.ts';
import {
  ACTIONS,
  type Action,
  type CommandAnswer,
  type CommandRequest,
  type Mode,
  refused,
} from '../domain/order/command.ts';
import type * as z from '../lib/codec.ts';
import type { ErrorDetails, ErrorReport } from '../lib/errors.ts';
import { NumberText } from '../lib/number-text.ts';
import { COMMAND_ID, MAX_COMMAND_ID_CHARS } from '../protocol/command.ts';
import type { BroadcastData, BroadcastType, NotUnderstood } from '../protocol/messages.ts';
import { isProtocolNumber, refusalOfProtocol } from '../protocol/version.ts';
import { errorView, resultView } from './answer-views.ts';
import { isMisspelt, readCommandData, refusalOfField } from './command-schema.ts';
import { quote } from './quote.ts';
import { parseStrictJson } from './strict-json.ts';

export interface IncomingCommand {
  readonly kind: 'command';
  readonly request: CommandRequest;
  /** Null: the sender gave none, the bridge makes one. */
  readonly commandId: string | null;
  readonly mode: Mode | null;
  readonly confirmationToken: string | null;
}

export type Incoming =
  | IncomingCommand
  /** A COMMAND that cannot be read: answered with a COMMAND_RESULT under what it gave of action and id. */
  | {
      readonly kind: 'bad_command';
      readonly action: string | null;
      /** Null: the given value cannot be echoed. */
      readonly commandId: string | null;
      /** False: none was given, and the bridge makes one. */
      readonly named: boolean;
      readonly answer: CommandAnswer;
    }
  /** Not a command at all: answered with an ERROR. */
  | { readonly kind: 'not_understood'; readonly error: ErrorReport };

type WireFields = Readonly<Record<string, unknown>>;

interface BadField {
  readonly field: string;
  readonly got: string;
  readonly expected: string;
}

/** The markets and assets that a command may name. */
export interface Nameable {
  readonly markets: readonly string[];
  /** Null: not known yet. */
  readonly quoteAsset: () => Asset | null;
}

/** The body of a preview: a command without its type and its id, which are then not asked for. */
export function parsePreview(text: string, nameable: Nameable): Incoming {
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return notUnderstood(`The body cannot be read: ${parsed.reason}.`, { expected: 'a JSON object' });
  if (!isFields(parsed.value)) {
    return notUnderstood('The body must be a JSON object with an "action".', {
      got: quote(parsed.value),
      expected: 'a JSON object',
    });
  }
  return parseCommand(parsed.value, nameable);
}

export function parseMessage(text: string, nameable: Nameable): Incoming {
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return notUnderstood(`The message cannot be read: ${parsed.reason}.`, { expected: 'a JSON object' });
  if (!isFields(parsed.value)) {
    return notUnderstood('A message must be a JSON object with a "type".', {
      got: quote(parsed.value),
      expected: 'a JSON object',
    });
  }
  const message = parsed.value;
  if (own(message, 'type') !== 'COMMAND') {
    return notUnderstood('Only {"type":"COMMAND", …} messages are understood.', {
      field: 'type',
      got: quote(own(message, 'type')),
      expected: '"COMMAND"',
    });
  }
  return parseCommand(message, nameable);
}

/** A binary frame: our messages are text. */
export const binaryMessage = (): Incoming =>
  notUnderstood('A message must be a text frame with a JSON object.', {
    got: 'a binary frame',
    expected: 'a text frame',
  });

function parseCommand(message: WireFields, { markets, quoteAsset }: Nameable): Incoming {
  const givenAction = own(message, 'action');
  const givenId = own(message, 'command_id');
  const bad = (answer: CommandAnswer): Incoming => ({
    kind: 'bad_command',
    action: echo(givenAction, MAX_ACTION_CHARS),
    commandId: echo(givenId, MAX_COMMAND_ID_CHARS),
    named: Object.hasOwn(message, 'command_id'),
    answer,
  });
  const version = Object.hasOwn(message, 'protocol') ? protocolOf(message.protocol) : null;
  const unserved = version === null || version === 'malformed' ? null : refusalOfProtocol(version);
  if (unserved !== null) return bad(refused(unserved));
  const action = ACTIONS.find((name) => name === givenAction);
  if (action === undefined) {
    return bad(
      refused({
        code: 'UNKNOWN_ACTION',
        message: `Unknown action: ${quote(givenAction)}.`,
        details: { field: 'action', got: quote(givenAction), expected: ACTIONS },
      }),
    );
  }
  const problems: BadField[] = [...envelopeProblems(message, givenId)];
  if (version === 'malformed')
    problems.push({
      field: 'protocol',
      got: quote(message.protocol),
      expected: 'the version of the protocol, a whole number',
    });
  const data = own(message, 'data') ?? (Object.hasOwn(message, 'data') ? null : {});
  if (!isFields(data)) {
    return bad(invalidFields([...problems, { field: 'data', got: quote(data), expected: 'a JSON object' }]));
  }
  for (const field of Object.keys(data)) {
    const expected = refusalOfField(action, field);
    if (expected !== null) problems.push({ field: shortName(field), got: quote(data[field]), expected });
  }
  const read = readCommandData(action, ownOnly(data), Object.hasOwn(data, 'asset') ? quoteAsset() : null);
  if (!read.ok) {
    problems.push(...read.problems.map(({ field, expected }) => ({ field, got: quote(own(data, field)), expected })));
  }
  if (problems.length > 0 || !read.ok) return bad(invalidFields(distinct(problems)));

  const { request, mode, confirmationToken } = read;
  const market = own(data, 'market') ?? ('market' in request ? request.market : null);
  if (market !== null && !markets.some((name) => name === market)) {
    return bad(
      refused({
        code: 'UNKNOWN_MARKET',
        message: `Unknown market: ${quote(market)}. Known markets: ${markets.join(', ')}.`,
        details: { field: 'market', got: quote(market), expected: markets },
      }),
    );
  }
  return {
    kind: 'command',
    request,
    commandId: typeof givenId === 'string' ? givenId : null,
    mode,
    confirmationToken,
  };
}

/** Numbers keep their text: 1 is a version, 1.0 or "1" none. */
const protocolOf = (given: unknown): number | 'malformed' =>
  given instanceof NumberText && isProtocolNumber(given.text) ? Number(given.text) : 'malformed';

const MAX_ACTION_CHARS = 64;

/** Whole or not at all: a part of it would match nothing that the sender keeps. */
const echo = (value: unknown, maxChars: number): string | null =>
  typeof value === 'string' && value.length <= maxChars ? value : null;

function envelopeProblems(message: WireFields, commandId: unknown): BadField[] {
  const problems: BadField[] = [];
  if (Object.hasOwn(message, 'command_id') && !COMMAND_ID.matches(commandId)) {
    problems.push({ field: 'command_id', got: quote(commandId), expected: COMMAND_ID.expected });
  }
  const misspelt = Object.keys(message).find((field) => isMisspelt(field, 'command_id'));
  if (misspelt !== undefined) {
    problems.push({
      field: shortName(misspelt),
      got: quote(message[misspelt]),
      expected: 'the field to be spelt "command_id"',
    });
  }
  return problems;
}

const distinct = (problems: readonly BadField[]): readonly BadField[] =>
  problems.filter((problem, index) => problems.findIndex((other) => other.field === problem.field) === index);

/** details: the first bad field; `fields` has them all when there are several. */
function invalidFields(problems: readonly BadField[]): CommandAnswer {
  const shown = problems.slice(0, MAX_TOLD_FIELDS);
  const [first] = shown;
  const details: ErrorDetails = {
    ...first,
    ...(shown.length > 1 ? { fields: shown.map((problem) => ({ ...problem })) } : {}),
  };
  const message = shown.map(({ field, got, expected }) => `${field}: expected ${expected}, got ${got}`).join('; ');
  return refused({ code: 'INVALID_FIELD', message, details });
}

const MAX_TOLD_FIELDS = 8;

const notUnderstood = (message: string, details: ErrorDetails): Incoming => ({
  kind: 'not_understood',
  error: { code: 'INVALID_MESSAGE', message, details },
});

const shortName = (field: string): string => (field.length <= 32 ? field : `${field.slice(0, 31)}…`);

/** `__proto__` in JSON can set a prototype: only a value's own members count. */
const own = (fields: WireFields, name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);
const ownOnly = (fields: WireFields): WireFields => Object.assign(Object.create(null) as object, fields) as WireFields;

const isFields = (value: unknown): value is WireFields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText);

export const commandResultFrame = (
  action: Action | string | null,
  commandId: string | null,
  answer: CommandAnswer,
): string => JSON.stringify(resultView(action, commandId, answer));

export const errorFrame = (error: ErrorReport): string => {
  const message: z.input<typeof NotUnderstood> = { type: 'ERROR', level: 'warning', error: errorView(error) };
  return JSON.stringify(message);
};

export const broadcastFrame = <Type extends BroadcastType>(type: Type, data: BroadcastData<Type>): string =>
  JSON.stringify({ type, data });
