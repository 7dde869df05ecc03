/**
 * Versions of the protocol. A change that a client of before would misread (a field taken away, or with another meaning) is a new
 * version; new fields, actions and messages are not. A client that names no version is served as the newest.
 */
import type { ErrorReport } from '../lib/errors.ts';

interface ServedProtocols {
  readonly oldest: number;
  readonly newest: number;
}

/** What a bridge of this program understands. */
export const PROTOCOLS: ServedProtocols = { oldest: 1, newest: 1 };

/** What the page and the command line of this program speak. */
export const PROTOCOL = PROTOCOLS.newest;

/** A whole number from 0 on. */
export const isProtocolNumber = (text: string): boolean => /^(?:0|[1-9]\d{0,8})$/.test(text);

/** Null: a client of this version is served. */
export function refusalOfProtocol(version: number, served: ServedProtocols = PROTOCOLS): ErrorReport | null {
  const { oldest, newest } = served;
  if (version >= oldest && version <= newest) return null;
  const understood = oldest === newest ? `version ${oldest}` : `versions ${oldest} to ${newest}`;
  const isOld = version < oldest;
  return {
    code: 'PROTOCOL_NOT_SERVED',
    message: `This client speaks version ${version} of the protocol, and this Driftless ${understood}. Nothing was sent.`,
    details: {
      field: 'protocol',
      got: String(version),
      expected: oldest === newest ? oldest : [oldest, newest],
      remedy: isOld
        ? 'Driftless was upgraded. Reload the page, or upgrade the program that sent this.'
        : 'This Driftless is older than its client. Upgrade Driftless, or use a client of its version.',
    },
  };
}
