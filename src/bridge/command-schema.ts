/** What each action's `data` must hold. A schema's error text is the `expected` of INVALID_FIELD. */
import { isLosslessNumber } from 'lossless-json';
import { z } from 'zod';
import { ASSET_DECIMALS, parseAmount } from '../domain/money/amounts.ts';
import type { Action, CommandRequest } from '../domain/order/command.ts';
import { MAX_NOTE_CHARS } from './limits.ts';

const MARKET = 'the name of a market, e.g. "SOL-PERP"';
const OPERATION_ID = 'the id of an operation: 1 to 64 letters, digits, - or _';

/** A JSON number or a decimal string, to base units as text. */
const baseUnits = (field: string, decimals: number) =>
  z.unknown().transform((value, context): string => {
    const text = isLosslessNumber(value) ? value.value : value;
    const parsed = typeof text === 'string' ? parseAmount(text, decimals, field) : null;
    if (parsed?.ok === true) return parsed.amount.toString();
    const expected = parsed?.error.details?.expected;
    const message = typeof expected === 'string' ? expected : 'a positive number, or the same as a text';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

const market = z.string({ error: MARKET }).min(1, { error: MARKET }).max(64, { error: MARKET });
const nothing = z.object({});

const capital = (decimals: number) =>
  z.object({
    amount: baseUnits('amount', decimals),
    asset: z.enum(['SOL', 'USDC'], { error: '"SOL" or "USDC"' }).default('SOL'),
  });
const capitalInSol = capital(ASSET_DECIMALS.SOL);
const capitalInUsdc = capital(ASSET_DECIMALS.USDC);

const open = z.object({
  market,
  direction: z.enum(['long', 'short'], { error: '"long" or "short"' }),
  size: baseUnits('size', ASSET_DECIMALS.SOL),
});

const verdict = z
  .object({
    operation_id: z.string({ error: OPERATION_ID }).regex(/^[\w-]{1,64}$/, { error: OPERATION_ID }),
    verdict: z.enum(['landed', 'failed', 'retry'], { error: '"landed", "failed" or "retry"' }),
    note: z
      .string({ error: 'a text' })
      .max(MAX_NOTE_CHARS, { error: `a text of at most ${MAX_NOTE_CHARS} characters` })
      .default(''),
  })
  .transform(({ operation_id, ...rest }) => ({ ...rest, operationId: operation_id }));

/** Reads `data`, or the issues with it. The request carries no `mode` but where it is the command's own subject. */
type DataSchema = z.ZodType<Omit<CommandRequest, 'action'>>;

const DATA_SCHEMAS: Readonly<Record<Action, DataSchema>> = {
  START_ENGINE: z.object({ mode: z.enum(['paper', 'live'], { error: '"paper" or "live"' }) }),
  STOP_ENGINE: nothing,
  GET_STATE: nothing,
  REBALANCE: nothing,
  FLATTEN: nothing,
  RESUME: nothing,
  DRIFT_DEPOSIT: capitalInSol,
  DRIFT_WITHDRAW: capitalInSol,
  DRIFT_OPEN_POSITION: open,
  DRIFT_CLOSE_POSITION: z.object({ market }),
  SETTLE_PNL: z.object({ market }),
  ADOPT_POSITION: z.object({ market }),
  RESOLVE_TRANSACTION: verdict,
};

/** The asset gives an amount its decimals. */
export const dataSchema = (action: Action, data: Readonly<Record<string, unknown>>): DataSchema =>
  DATA_SCHEMAS[action] === capitalInSol && data.asset === 'USDC' ? capitalInUsdc : DATA_SCHEMAS[action];

/** Fields that any command may carry beside its own. */
export const COMMON_SCHEMA = z.object({
  mode: z.enum(['paper', 'live'], { error: '"paper" or "live"' }).optional(),
  confirmation_token: z
    .string({ error: 'the token of a confirmation_required answer' })
    .min(1, { error: 'the token of a confirmation_required answer' })
    .max(256, { error: 'the token of a confirmation_required answer' })
    .optional(),
});
const COMMON_FIELDS = ['mode', 'confirmation_token'] as const;

const FIELDS: Readonly<Record<Action, readonly string[]>> = {
  START_ENGINE: [],
  STOP_ENGINE: [],
  GET_STATE: [],
  REBALANCE: [],
  FLATTEN: [],
  RESUME: [],
  DRIFT_DEPOSIT: ['amount', 'asset'],
  DRIFT_WITHDRAW: ['amount', 'asset'],
  DRIFT_OPEN_POSITION: ['market', 'direction', 'size'],
  DRIFT_CLOSE_POSITION: ['market'],
  SETTLE_PNL: ['market'],
  ADOPT_POSITION: ['market'],
  RESOLVE_TRANSACTION: ['operation_id', 'verdict', 'note'],
};
const EVERY_FIELD: ReadonlySet<string> = new Set([...Object.values(FIELDS).flat(), ...COMMON_FIELDS]);

/**
 * Why a field that this action does not know is refused, or null when it is ignored. Ignoring one would change what is
 * done when it is a misspelt optional field (`Asset: "USDC"` would deposit SOL), or another action's (`size` on a close
 * would close everything); what is nobody's, such as a client's own `timestamp`, is let through.
 */
export function refusalOfField(action: Action, field: string): string | null {
  const known = [...FIELDS[action], ...COMMON_FIELDS];
  if (known.includes(field)) return null;
  if (EVERY_FIELD.has(field)) return `no field "${field}" with ${action}`;
  const meant = known.find((name) => plain(name) === plain(field));
  return meant === undefined ? null : `the field to be spelt "${meant}"`;
}

/** The envelope's own optional field, misspelt, would lose what it protects from: doing a thing twice. */
export const isMisspelt = (field: string, name: string): boolean => field !== name && plain(field) === plain(name);

const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
