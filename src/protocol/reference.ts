/** docs/protocol.md, printed from the schemas: `node scripts/write-protocol.mjs` writes it, a test holds it true. */
import { SERIES_NAMES } from '../domain/figures/series-names.ts';
import type { Action } from '../domain/order/command.ts';
import * as z from '../lib/codec.ts';
import { AccountInfo, DriftState, EquityPoint, Position } from './account.ts';
import { AlertInfo } from './alert.ts';
import { ANSWERS, HttpError, methodOf } from './api.ts';
import { COMMAND_DATA, COMMAND_ID, COMMON_DATA } from './command.ts';
import { DecisionInfo, Engine, EngineStatus, HoldInfo } from './engine.ts';
import { ErrorDetails, ErrorInfo, GateResult } from './error.ts';
import { ANSWER_EXAMPLES, COMMAND_EXAMPLE, HTTP_ERROR_EXAMPLE, MESSAGE_EXAMPLES } from './examples.ts';
import { AccountIdentity, BalanceInfo, CommandInfo, EarningsSpan, EngineInfo, PastDecision } from './history.ts';
import { FundingUpdate, Market } from './market.ts';
import { BROADCASTS, type BroadcastType } from './messages.ts';
import {
  AttemptInfo,
  FundingPayment,
  IntentInfo,
  OperationInfo,
  OperationResult,
  Trade,
  TransactionUpdate,
} from './operation.ts';
import { PolicyInForce } from './policy.ts';
import { CommandPreview, CostsInfo, StandingInfo } from './preview.ts';
import { CommandResult, Preview, ResultData, StateResult } from './result.ts';
import { State } from './state.ts';
import { PROTOCOL } from './version.ts';

type AnyCodec = z.Codec<unknown, unknown>;
type AnyObject = z.ObjectCodec<z.Shape>;

/** Objects with a section of their own, in the order of the document. */
const OBJECTS: Readonly<Record<string, AnyObject>> = {
  State,
  DriftState,
  Position,
  Engine,
  HoldInfo,
  DecisionInfo,
  AccountInfo,
  Market,
  PolicyInForce,
  ResultData,
  Preview,
  CommandPreview,
  StandingInfo,
  CostsInfo,
  ErrorInfo,
  ErrorDetails,
  GateResult,
  OperationInfo,
  OperationResult,
  AttemptInfo,
  IntentInfo,
  Trade,
  FundingPayment,
  EquityPoint,
  TransactionUpdate,
  EngineStatus,
  FundingUpdate,
  AlertInfo,
  AccountIdentity,
  BalanceInfo,
  PastDecision,
  CommandInfo,
  EngineInfo,
  EarningsSpan,
};

/** A schema with a description is a copy: what it shares with the original is its shape. */
const nameOf = (codec: AnyObject): string | null =>
  Object.entries(OBJECTS).find(([, object]) => object.shape === codec.shape)?.[0] ?? null;

interface FieldRow {
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly about: string;
}

/** Within wrappers, the outermost says most. */
function partsOf(codec: AnyCodec): readonly AnyCodec[] {
  if (codec instanceof z.Nullable || codec instanceof z.Optional) return [codec, ...partsOf(codec.inner)];
  return codec instanceof z.List || codec instanceof z.Dictionary ? [codec, ...partsOf(codec.item)] : [codec];
}

function typeOf(codec: AnyCodec): string {
  if (codec instanceof z.Nullable) return `${typeOf(codec.inner)} or null`;
  if (codec instanceof z.Optional) return `${typeOf(codec.inner)} (optional)`;
  if (codec instanceof z.List) return `list of ${typeOf(codec.item)}`;
  if (codec instanceof z.Dictionary) return `object of ${typeOf(codec.item)}`;
  if (codec instanceof z.Union) return codec.members.map((member: AnyCodec) => typeOf(member)).join(' or ');
  if (codec instanceof z.Plain || codec instanceof z.Converted) return String(codec.expected);
  if (!(codec instanceof z.ObjectCodec)) return 'object';
  const name = nameOf(codec);
  return name === null ? 'object' : `[${name}](#${name.toLowerCase()})`;
}

/** Objects without a section of their own are told field by field, in place. */
function rowsOf(object: AnyObject, prefix = ''): readonly FieldRow[] {
  return Object.entries(object.shape).flatMap(([field, codec]): readonly FieldRow[] => {
    const parts = partsOf(codec);
    const name = `${prefix}${field}`;
    const row = {
      name,
      type: typeOf(codec),
      unit: parts.find(({ unitName }) => unitName !== undefined)?.unitName ?? '',
      about: parts.find(({ description }) => description !== undefined)?.description ?? '',
    };
    const inner = parts.at(-1);
    if (!(inner instanceof z.ObjectCodec) || nameOf(inner) !== null) return [row];
    const isList = parts.some((part) => part instanceof z.List);
    return [row, ...rowsOf(inner, `${name}${isList ? '[]' : ''}.`)];
  });
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function tableOf(object: AnyObject): string {
  const rows = rowsOf(object);
  if (rows.length === 0) return 'No fields.';
  return [
    '| field | type | unit | meaning |',
    '|---|---|---|---|',
    ...rows.map(({ name, type, unit, about }) => `| \`${name}\` | ${cell(type)} | ${cell(unit)} | ${cell(about)} |`),
  ].join('\n');
}

const json = (example: unknown): string => `\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``;
const section = (title: string, ...paragraphs: readonly string[]): string =>
  [`## ${title}`, ...paragraphs].join('\n\n');
const subsection = (title: string, ...paragraphs: readonly string[]): string =>
  [`### ${title}`, ...paragraphs].join('\n\n');

const WHEN: Readonly<Record<BroadcastType, string>> = {
  SYSTEM_STATS: 'Sent once a second, and at once when the account changes. A slow reader misses some.',
  ENGINE_STATUS: 'Sent when you connect and whenever one of its fields changes.',
  FUNDING_UPDATE: 'Sent for each funding period in which a position was held.',
  TRANSACTION_UPDATE: 'Sent for each step of a transaction, in order.',
  ALERT: 'Sent when something needs attention, and again, as `recovered`, when it is over.',
};

const ANSWERED: Readonly<Record<keyof typeof ANSWERS, string>> = {
  '/healthz': 'The process is up. Needs no token.',
  '/readyz': 'Whether each part works. Status 503 when one does not. Needs no token.',
  '/api/acknowledge':
    '`?alert_id`. A person has seen the alert: a critical one is not sent again. Like a command it needs the token.',
  '/api/backup':
    'Copies both stores into a new folder below the data folder, and answers when it is complete. Like a command it needs the ' +
    'token. docs/architecture/backup.md says what is in it. `EXTERNAL_STORES`: they are not ours to copy.',
  '/api/token':
    '`?access=full` or `read`. Makes a new token in place of the former one, which opens nothing from then on; its sockets are closed ' +
    'with 1008. Needs the full token and no Origin: for `driftless token rotate`.',
  '/api/settings': 'The settings of the process that answers, with where each comes from. Read-only.',
  '/api/steps': 'Every step of the operation that `?operation_id` names. None: it is not known.',
  '/api/preview':
    'What a command would come to now. The body is `{action, data}` as in COMMAND. It changes and sends nothing, and needs ' +
    'the token and the Origin like a command. What is not known is null, and the command can be sent all the same.',
  '/api/state': 'The same as the data of SYSTEM_STATS, read afresh.',
  '/api/config': 'What the engine runs with.',
  '/api/operations': 'What the engine was asked to do or decided, with its transactions.',
  '/api/trades': 'Every fill of the account, also of orders that are not from this engine.',
  '/api/funding': 'Every funding payment.',
  '/api/equity': 'Equity over time, with what changed it.',
  '/api/alerts': 'Alerts of the engine and of the process.',
  '/api/carry':
    'Whether hedging pays now, by the confidence rule at the size and the costs of this account. Per cent a year throughout. docs/architecture/carry.md defines the rule.',
  '/api/decisions':
    'What the engine decided by itself, and why it did not trade: a row when action or reasons change, and one an hour.',
  '/api/commands': 'What the engine was asked and answered, refusals too. `?status=rejected` gives only those.',
  '/api/balances': 'What the account and its wallet hold.',
  '/api/engines': 'Every engine of the journal, with its last known figures.',
  '/api/statistics': 'What the account has earned and what that cost. docs/architecture/bridge.md defines the figures.',
  '/api/series': `What charts show: \`?names=equity,price\`, and \`from\`, \`to\` and \`points\` (500 for each name, at most 5,000). Names: ${SERIES_NAMES.join(', ')}. USD, SOL and per cent; funding_rate is a fraction of the price per period, lend_rate a fraction a year, price is the oracle's.`,
};

const DOES: Readonly<Record<Action, string>> = {
  START_ENGINE: 'Lets the engine correct and guard the position by itself.',
  STOP_ENGINE: 'Ends that. An open position stays open; CLOSE and FLATTEN still work.',
  GET_STATE: 'Answers with the state.',
  REBALANCE:
    'Raises the hedge target to 1 and corrects the hedge now, if gates and cooldown allow. Never opens: without a position it is NO_POSITION, with the DRIFT_OPEN_POSITION that would hedge.',
  FLATTEN: 'Closes the position, settles, and halts trading until RESUME.',
  RESUME: 'Clears the restrictions that a person clears, once their cause is gone.',
  DRIFT_DEPOSIT: 'Moves money from the wallet into the account.',
  DRIFT_WITHDRAW: 'Moves money from the account into the wallet.',
  DRIFT_OPEN_POSITION: 'Opens or enlarges a position. The hedge target follows from what is held afterwards.',
  DRIFT_CLOSE_POSITION: 'Closes the position, reduce-only. The hedge target becomes 0.',
  SETTLE_PNL:
    'Moves profit, loss and funding to the balance. Sent while another settle is not final yet, it changes nothing.',
  ENABLE_AUTO_CARRY:
    'A consent to CARRY_POLICY=auto: from then on the engine enters and leaves the hedge by the confidence rule, inside the limits that `policy_hash` names. Always confirmed; the preview shows the backtest of this very policy. Ended by CLOSE, FLATTEN, STOP_ENGINE, the guard, a liquidation, a foreign trade, and any other policy or limit.',
  ADOPT_POSITION:
    'Takes over a position that was changed outside this engine: the hedge target becomes short / spot. Trades nothing, and nothing automatic but the guard follows for one cooldown.',
  RESOLVE_TRANSACTION: 'Says how a transaction ended whose outcome is unknown.',
};

const INTRODUCTION = `# Protocol

What programs and the page exchange with a running engine: JSON over one WebSocket, \`/ws\`, and over HTTP on the same port.
This file is generated from \`src/protocol\` by \`node scripts/write-protocol.mjs\`; do not edit it.

- **Token.** \`Authorization: Bearer <token>\`, \`?token=<token>\`, or the cookie that the printed address sets.
- **Amounts** are JSON numbers in SOL, USD or per cent, for display. A field that ends in \`_base\` is the same amount,
  exact, in base units as text: lamports for SOL, micro-USD for USD.
- **Times** are ISO 8601 in UTC. Durations end in \`_ms\` or \`_seconds\`.
- **Null** is unknown, never zero. A field marked optional may be absent.
- **New fields**, actions and messages may be added. Ignore those that you do not know.
- **Version.** What you could misread gets a new version; this is ${PROTOCOL}. Say in each command which one you speak.`;

function commands(): string {
  const actions = Object.entries(COMMAND_DATA).map(([action, data]) =>
    [`#### ${action}`, DOES[action as Action], tableOf(data as AnyObject)].join('\n\n'),
  );
  const envelope = z.object({
    type: z.literal('COMMAND'),
    action: z.string().about('One of the actions below.'),
    command_id: COMMAND_ID.optional().about(
      'Your name for the command: sent again, it is not done twice. Made by the bridge when absent.',
    ),
    protocol: z
      .number()
      .optional()
      .about(
        `The version of this document that you speak: ${PROTOCOL}. One that is no longer served is PROTOCOL_NOT_SERVED, with the remedy. Absent: the newest.`,
      ),
    data: z.object({}).optional().about('The fields of the action, below.'),
  });
  return section(
    'COMMAND',
    'The one message that you send. Each is answered by a COMMAND_RESULT within 5 seconds.',
    tableOf(envelope as unknown as AnyObject),
    json(COMMAND_EXAMPLE),
    subsection('Data of any command', tableOf(COMMON_DATA as unknown as AnyObject)),
    subsection('Data of each action', ...actions),
  );
}

const results = (): string =>
  section(
    'COMMAND_RESULT',
    'The answer to a command. After `pending` and `unknown` a second one, with the end, goes to every socket.',
    tableOf(CommandResult as unknown as AnyObject),
    json(MESSAGE_EXAMPLES.COMMAND_RESULT),
    'GET_STATE is answered with the fields of [State](#state) in its data:',
    tableOf(StateResult as unknown as AnyObject),
  );

const notUnderstood = (): string =>
  section(
    'ERROR',
    'Sent for a message that is no command and cannot be understood. The connection stays open.',
    json(MESSAGE_EXAMPLES.ERROR),
  );

const broadcasts = (): readonly string[] =>
  (Object.keys(BROADCASTS) as BroadcastType[]).map((type) =>
    section(
      type,
      WHEN[type],
      `\`data\` is ${typeOf(BROADCASTS[type].shape.data as AnyCodec)}.`,
      json(MESSAGE_EXAMPLES[type]),
    ),
  );

function answers(): string {
  const paths = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];
  return section(
    'HTTP',
    'Lists take `?limit` (at most 1,000), `cursor`, `from` and `to`, and give the newest first. `?format=csv` gives a list as CSV: everything between `from` and `to`, or with `limit` a page of it.',
    ...paths.map((path) => {
      const codec = ANSWERS[path] as AnyObject;
      const known = nameOf(codec);
      if (known !== null) return subsection(`${methodOf(path)} ${path}`, ANSWERED[path], `Answers ${typeOf(codec)}.`);
      return subsection(`${methodOf(path)} ${path}`, ANSWERED[path], tableOf(codec), json(ANSWER_EXAMPLES[path]));
    }),
    subsection(
      'Errors over HTTP',
      'Every status from 400 on has this body. docs/architecture/errors.md lists the codes.',
      tableOf(HttpError as unknown as AnyObject),
      json(HTTP_ERROR_EXAMPLE),
    ),
  );
}

const objects = (): string =>
  section('Objects', ...Object.entries(OBJECTS).map(([name, object]) => subsection(name, tableOf(object))));

export const protocolReference = (): string =>
  `${[INTRODUCTION, commands(), results(), notUnderstood(), ...broadcasts(), answers(), objects()].join('\n\n')}\n`;
