/**
 * Reading what came over the wire without trusting its shape: a field that is missing or of another type is null,
 * which the page shows as unknown.
 */
export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The first of `names` that is present and not null: the wire's snake_case, or the same in camelCase. */
export function pick(from: Fields, ...names: readonly string[]): unknown {
  for (const name of names) {
    const value = from[name];
    if (value !== undefined && value !== null) return value;
  }
  return null;
}

export const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

export const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

export const flag = (value: unknown): boolean | null => (typeof value === 'boolean' ? value : null);

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Epoch milliseconds from a number or an ISO text. */
export function time(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value === '') return null;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? null : parsed;
}

/** One of the words that we know, else null. */
export const oneOf = <Word extends string>(value: unknown, words: readonly Word[]): Word | null =>
  words.find((word) => word === value) ?? null;

/** Only a web address becomes a link: no other scheme from the wire reaches an `href`. */
export function webUrl(value: unknown): string | null {
  const address = text(value);
  return address !== null && /^https?:\/\//i.test(address) ? address : null;
}
