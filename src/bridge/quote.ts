/** How the bridge quotes received text: enough to recognise it, never a secret or a megabyte. */
import { NumberText } from '../lib/number-text.ts';
import { MAX_QUOTED_CHARS } from './limits.ts';

export function quote(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (value instanceof NumberText) return quoteText(value.text, 'a number', (text) => text);
  if (typeof value === 'string') return quoteText(value, 'a text', (text) => JSON.stringify(text));
  if (typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return 'an object';
}

const quoteText = (text: string, what: string, print: (text: string) => string): string =>
  text.length <= MAX_QUOTED_CHARS ? print(text) : `${what} of ${text.length} characters`;
