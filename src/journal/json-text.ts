/** JSON and text as Postgres takes them: no NUL and no lone surrogate, which `jsonb` and `text` refuse. */
const REPLACEMENT = '\\ufffd';
// Each escape is consumed whole, so that an escaped backslash before `u0000` is not mistaken for one.
const ESCAPES = /\\(?:(u0000|ud[89a-f][0-9a-f]{2})|.)/g;

/** For a `jsonb` column. Undefined members are left out, as JSON does. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  // JSON.stringify escapes a surrogate only when it is alone.
  return text.includes('\\u') ? text.replace(ESCAPES, (found, bad) => (bad === undefined ? found : REPLACEMENT)) : text;
}

export const nullableJsonText = (value: unknown): string | null =>
  value === null || value === undefined ? null : jsonText(value);

/** For a `text` column that may hold text from outside. */
export const plainText = (text: string): string => text.replaceAll('\0', '\ufffd');
