/** JSON as it came: numbers keep their literal text, duplicate names and deep nesting are refused. */
import { parse } from 'lossless-json';
import { NumberText } from '../lib/number-text.ts';
import { MAX_JSON_DEPTH, NATIVE_CHECK_CHARS } from './limits.ts';

type ParsedJson = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;

/** Counts brackets outside strings, without recursion: the parser below is not given what would overflow its stack. */
function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (inString) {
      if (code === BACKSLASH) index += 1;
      else if (code === QUOTE) inString = false;
    } else if (code === QUOTE) {
      inString = true;
    } else if (code === OPENING_BRACE || code === OPENING_BRACKET) {
      depth += 1;
      if (depth > limit) return true;
    } else if (code === CLOSING_BRACE || code === CLOSING_BRACKET) {
      depth -= 1;
    }
  }
  return false;
}

/** The lossless parser is some twenty times slower than the engine's own, which spares it long text that is not JSON. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function parseStrictJson(text: string): ParsedJson {
  if (nestsDeeperThan(text, MAX_JSON_DEPTH)) {
    return { ok: false, reason: `it is nested deeper than ${MAX_JSON_DEPTH} levels` };
  }
  if (text.length > NATIVE_CHECK_CHARS && !isJson(text)) return { ok: false, reason: 'it is not JSON' };
  try {
    return { ok: true, value: parse(text, undefined, (number) => new NumberText(number)) };
  } catch (error) {
    return { ok: false, reason: positionOf(error) };
  }
}

/** Where, but not what: the parser's own words quote the input. */
function positionOf(error: unknown): string {
  const words = error instanceof Error ? error.message : '';
  if (words.startsWith('Duplicate key')) return 'a name occurs twice in one object';
  const position = /at position (\d+)/.exec(words)?.[1];
  return position === undefined ? 'it is not JSON' : `it is not JSON, from position ${position} on`;
}
