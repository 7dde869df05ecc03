/** A command's data, read by the protocol's schemas into what the engine takes. */
import { type Asset, BASE_ASSET, SOL_PERP } from '../domain/account/account.ts';
import { assetChoices, assetDecimals, isAssetOf } from '../domain/account/spot-markets.ts';
import { parseAmount, SOL_DECIMALS } from '../domain/money/amounts.ts';
import type { Action, CommandRequest, Mode } from '../domain/order/command.ts';
import * as z from '../lib/codec.ts';
import { COMMAND_DATA, COMMON_DATA } from '../protocol/command.ts';

type ReadCommand =
  | {
      readonly ok: true;
      readonly request: CommandRequest;
      readonly mode: Mode | null;
      readonly confirmationToken: string | null;
    }
  | { readonly ok: false; readonly problems: readonly z.Misfit[] };

type WireData = Readonly<Record<string, unknown>>;

const AMOUNTS = ['amount', 'size'] as const;
/** Base units as text. */
type BaseUnits = Record<(typeof AMOUNTS)[number], string>;

/**
 * @param data its own members alone
 * @param quoteAsset of the account, null while it is not known: then the engine refuses another one
 */
export function readCommandData(action: Action, data: WireData, quoteAsset: Asset | null): ReadCommand {
  const misfits = [...z.misfits(COMMON_DATA, data), ...z.misfits(COMMAND_DATA[action], data)];
  const problems = misfits.filter(({ field }) => field !== 'asset');
  const base: BaseUnits = { amount: '', size: '' };
  if (problems.length < misfits.length || (typeof data.asset === 'string' && !isAssetOf(quoteAsset, data.asset))) {
    problems.push({ field: 'asset', expected: assetChoices(quoteAsset) });
  }
  const shape: Readonly<Record<string, z.Codec<unknown, unknown>>> = COMMAND_DATA[action].shape;
  for (const field of AMOUNTS) {
    const schema = shape[field];
    if (schema === undefined || problems.some((problem) => problem.field === field)) continue;
    const decimals = field === 'amount' ? assetDecimals(String(data.asset ?? BASE_ASSET)) : SOL_DECIMALS;
    const parsed = parseAmount(String(schema.decode(data[field])), decimals, field);
    if (parsed.ok) base[field] = parsed.amount.toString();
    else problems.push({ field, expected: String(parsed.error.details?.expected) });
  }
  if (problems.length > 0) return { ok: false, problems };
  const { mode = null, confirmation_token: confirmationToken = null } = COMMON_DATA.decode(data);
  return { ok: true, request: requestOf(action, data, base), mode, confirmationToken };
}

/**
 * From here on a direction is the sign of a size. The request carries no `mode` but where it is the command's own subject;
 * REBALANCE and FLATTEN are of the engine's own market.
 */
function requestOf(action: Action, data: WireData, { amount, size }: BaseUnits): CommandRequest {
  switch (action) {
    case 'DRIFT_DEPOSIT':
      return { kind: 'deposit', amount, asset: COMMAND_DATA[action].decode(data).asset ?? BASE_ASSET };
    case 'DRIFT_WITHDRAW':
      return { kind: 'withdraw', amount, asset: COMMAND_DATA[action].decode(data).asset ?? BASE_ASSET };
    case 'DRIFT_OPEN_POSITION': {
      const { market, direction } = COMMAND_DATA[action].decode(data);
      return { kind: 'open', market, size: direction === 'short' ? `-${size}` : size };
    }
    case 'DRIFT_CLOSE_POSITION':
      return { kind: 'close', market: COMMAND_DATA[action].decode(data).market };
    case 'FLATTEN':
      return { kind: 'flatten', market: SOL_PERP };
    case 'REBALANCE':
      return { kind: 'rebalance', market: SOL_PERP };
    case 'SETTLE_PNL':
      return { kind: 'settle', market: COMMAND_DATA[action].decode(data).market };
    case 'START_ENGINE':
      return { action, mode: COMMAND_DATA[action].decode(data).mode };
    case 'ADOPT_POSITION':
      return { action, market: COMMAND_DATA[action].decode(data).market };
    case 'ENABLE_AUTO_CARRY': {
      const { market, policy_hash: policyHash } = COMMAND_DATA[action].decode(data);
      return { action, market, policyHash };
    }
    case 'RESOLVE_TRANSACTION': {
      const { operation_id: operationId, verdict, note = '' } = COMMAND_DATA[action].decode(data);
      return { action, operationId, verdict, note };
    }
    default:
      return { action };
  }
}

const COMMON_FIELDS = Object.keys(COMMON_DATA.shape);

/**
 * Fields of other actions that clients send with every command. They change nothing here: there is one market, which is
 * checked like any other's, and who the operator is the bridge says itself.
 */
const HARMLESS: readonly string[] = ['market', 'operator'];

/**
 * Why a field that this action does not know is refused; null: it knows it, or it is harmless. To ignore it would do something else than was
 * meant: `Asset: "USDC"` would deposit SOL, `size` on a close would close everything, `max_price` would limit nothing.
 */
export function refusalOfField(action: Action, field: string): string | null {
  const known = [...Object.keys(COMMAND_DATA[action].shape), ...COMMON_FIELDS];
  if (known.includes(field) || HARMLESS.includes(field)) return null;
  const meant = known.find((name) => plain(name) === plain(field));
  return meant === undefined ? `a field of ${action}` : `the field to be spelt "${meant}"`;
}

/** The envelope's own optional field, misspelt, would lose what it protects from: doing a thing twice. */
export const isMisspelt = (field: string, name: string): boolean => field !== name && plain(field) === plain(name);

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
