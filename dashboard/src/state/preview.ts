import { plain } from '../format/number.ts';
import { isObject } from '../socket/read.ts';
import { spaced } from './command-words.ts';

/** The preview as the server made it: names in words, nested names joined, lists and gates in short. */
export function previewRows(
  preview: Readonly<Record<string, unknown>>,
  prefix = '',
): readonly (readonly [string, string])[] {
  return Object.entries(preview).flatMap(([name, value]): readonly (readonly [string, string])[] => {
    const label = `${prefix}${spaced(name)}`;
    if (value === undefined || /_base$/.test(name)) return [];
    if (isObject(value)) return previewRows(value, `${label} · `);
    if (Array.isArray(value)) return value.length === 0 ? [] : [[label, value.map(short).join(', ')]];
    return [[label, short(value)]];
  });
}

function short(value: unknown): string {
  if (value === null || value === undefined) return 'unknown';
  if (typeof value === 'number') return plain(value, Number.isInteger(value) ? 0 : 4);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (isObject(value)) return String(value.code ?? value.message ?? JSON.stringify(value));
  return String(value);
}
