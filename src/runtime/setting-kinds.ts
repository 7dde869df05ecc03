/** The kinds of text that a setting can hold: each a zod schema from text to value, with its expectation in words. */
import { z } from 'zod';
import { parseAmount } from '../domain/money/amounts.ts';

export interface SettingKind<T> {
  /** What a person should have written; completes "expected ...". */
  readonly expected: string;
  readonly schema: z.ZodType<T, string>;
}

/** A schema from a parser that gives undefined for what does not fit. */
function kind<T>(expected: string, parse: (text: string) => T | undefined): SettingKind<T> {
  const schema = z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: `expected ${expected}`, input: text });
    return z.NEVER;
  });
  return { expected, schema };
}

export const anyText = (expected: string): SettingKind<string> => kind(expected, (text) => text);

export const matching = (expected: string, pattern: RegExp): SettingKind<string> =>
  kind(expected, (text) => (pattern.test(text) ? text : undefined));

export function wholeNumber(from: number, to: number): SettingKind<number> {
  return kind(`a whole number from ${from} to ${to}`, (text) => {
    if (!/^\d{1,15}$/.test(text)) return undefined;
    const value = Number(text);
    return value >= from && value <= to ? value : undefined;
  });
}

export function decimalNumber(from: number, to: number): SettingKind<number> {
  return kind(`a number from ${from} to ${to}`, (text) => {
    if (!/^\d{1,15}(\.\d{1,15})?$/.test(text)) return undefined;
    const value = Number(text);
    return value >= from && value <= to ? value : undefined;
  });
}

export const speed: SettingKind<number | 'max'> = kind('a number from 1 to 1000000, or max', (text) => {
  if (text === 'max') return 'max';
  if (!/^\d{1,7}(\.\d{1,6})?$/.test(text)) return undefined;
  const value = Number(text);
  return value >= 1 && value <= 1_000_000 ? value : undefined;
});

/** Exact base units; zero is an amount here. */
export function amount<T extends bigint>(decimals: number, unit: string): SettingKind<T> {
  return kind(`an amount of ${unit} with at most ${decimals} decimals, zero or more`, (text) => {
    if (/^0+(\.0*)?$/.test(text)) return 0n as T;
    const parsed = parseAmount(text, decimals, unit);
    return parsed.ok ? (parsed.amount as T) : undefined;
  });
}

export const oneOf = <T extends string>(...choices: readonly T[]): SettingKind<T> =>
  kind(`one of ${choices.join(', ')}`, (text) => choices.find((choice) => choice === text));

const SWITCH: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  1: true,
  off: false,
  false: false,
  no: false,
  0: false,
};
export const onOff: SettingKind<boolean> = kind('on or off (true or false)', (text) => SWITCH[text.toLowerCase()]);

function isUrl(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol.slice(0, -1));
}

export const url = (...protocols: readonly string[]): SettingKind<string> =>
  kind(`a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`, (text) =>
    isUrl(text, protocols) ? text : undefined,
  );

export const urlList = (...protocols: readonly string[]): SettingKind<readonly string[]> =>
  kind(`one or more URLs, comma-separated, that begin with ${protocols.map((p) => `${p}://`).join(' or ')}`, (text) => {
    const urls = text.split(',').map((one) => one.trim());
    return urls.every((one) => isUrl(one, protocols)) ? urls : undefined;
  });

export const hostAndPort: SettingKind<string> = kind('host:port', (text) => {
  const match = /^(\[[\da-fA-F:.]+\]|[\w.-]+):(\d{1,5})$/.exec(text);
  return match !== null && Number(match[2]) > 0 && Number(match[2]) < 65_536 ? text : undefined;
});

const HOURS = 24;
const MINUTES = 60;

function minuteOf(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d{2})$/.exec(text.trim());
  const [hours, minutes] = [Number(match?.[1]), Number(match?.[2])];
  return match !== null && hours < HOURS && minutes < MINUTES ? hours * MINUTES + minutes : undefined;
}

/** Numeric user ids of Telegram. A group or channel has a negative id, and none may command. */
export const userIds = kind<readonly number[]>('numeric user ids, comma-separated, like 123456789', (text) => {
  const ids = text.split(',').map((one) => one.trim());
  return ids.every((one) => /^[1-9]\d{0,15}$/.test(one)) ? ids.map(Number) : undefined;
});

/** Minute of the day. */
export const timeOfDay = kind<number | 'off'>('a time of day like 08:00, or off', (text) =>
  text === 'off' ? 'off' : minuteOf(text),
);

/** Minutes of the day, from and to. */
export const timeSpan = kind('a span of time like 22:00-07:00', (text) => {
  const [from, to, ...rest] = text.split('-').map(minuteOf);
  if (from === undefined || to === undefined || rest.length > 0 || from === to) return undefined;
  return { fromMinute: from, toMinute: to };
});

export const feed: SettingKind<string> = kind(
  'synthetic, synthetic:<seed>, replay:<funding.csv>, replay:<funding.csv>,<lend.csv> or live',
  (text) => (/^(synthetic(:[\w-]{1,64})?|replay:[^,]+(,[^,]+)?|live)$/.test(text) ? text : undefined),
);

const BASE58 = '[1-9A-HJ-NP-Za-km-z]';
export const address = matching('a Solana address (base58, 32 to 44 characters)', new RegExp(`^${BASE58}{32,44}$`));
