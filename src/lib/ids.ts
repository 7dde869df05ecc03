/** Identities that must come out the same on every replay: derived, never drawn. Pure, so that workflows may use it. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Json } from './errors.ts';

const digest = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)));

/** JSON with sorted keys and without undefined members, so that equal data has equal text. */
export function canonicalJson(value: Json | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

export const hashJson = (value: Json | undefined): string => digest(canonicalJson(value));

/** The operation that a command starts: Temporal refuses a second workflow with the same id. */
export const operationIdOf = (engineId: string, commandId: string): string =>
  digest(`${engineId}\n${commandId}`).slice(0, 32);

export const operationWorkflowId = (operationId: string): string => `operation:${operationId}`;

/** The venues by the names that engine ids carry. */
/** Those whose accounts live on a chain. */
export const LIVE_VENUES = ['velocity', 'drift'] as const;
const VENUES = ['paper', ...LIVE_VENUES] as const;
export type LiveVenueName = (typeof LIVE_VENUES)[number];
export type VenueName = (typeof VENUES)[number];

const ENGINE_ID = new RegExp(`^engine:(${VENUES.join('|')}):(.+):(\\d+)$`);
const GENESIS_CHARS = 8;
const BASE58 = '[1-9A-HJ-NP-Za-km-z]';
const GENESIS = `${BASE58}{${GENESIS_CHARS}}`;
const ADDRESS = `${BASE58}{32,44}`;
const LIVE_ENGINE_ID = new RegExp(`^engine:(${LIVE_VENUES.join('|')}):(${GENESIS}):(${ADDRESS}):(${ADDRESS}):(\\d+)$`);

/** Where a live engine's account stands: the same key elsewhere is another account. */
export interface EngineChain {
  /** The first characters of the cluster's genesis hash. */
  readonly genesis: string;
  readonly programId: string;
}

export interface EngineIdParts {
  readonly venue: VenueName;
  /** Paper: the feed, e.g. `synthetic:7`. Live: the authority's address. */
  readonly authority: string;
  readonly subAccount: number;
  /** Absent: paper, or a live engine of a version that did not name its chain. */
  readonly chain?: EngineChain;
}

export const engineChain = (genesisHash: string, programId: string): EngineChain => ({
  genesis: genesisHash.slice(0, GENESIS_CHARS),
  programId,
});

export const engineIdOf = ({ venue, authority, subAccount, chain }: EngineIdParts): string =>
  ['engine', venue, ...(chain === undefined ? [] : [chain.genesis, chain.programId]), authority, subAccount].join(':');

/** Null when `engineId` is not one of ours. */
export function parseEngineId(engineId: string): EngineIdParts | null {
  const live = LIVE_ENGINE_ID.exec(engineId);
  if (live !== null) {
    const [, venue, genesis = '', programId = '', authority = '', subAccount] = live;
    return { venue: venue as VenueName, authority, subAccount: Number(subAccount), chain: { genesis, programId } };
  }
  const match = ENGINE_ID.exec(engineId);
  if (match === null) return null;
  return { venue: match[1] as VenueName, authority: match[2] as string, subAccount: Number(match[3]) };
}
