/** A recorded history as a file: the JSON that Temporal's own tools write, one line per event. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { History } from '@temporalio/common/lib/proto-utils.js';

export const HISTORIES = join(dirname(fileURLToPath(import.meta.url)), 'histories');

/** Of the machine that recorded it, and of no meaning in a replay: who worked, from which queue of its own, its paths. */
const scrub = (key: string, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (key === 'stackTrace') return '';
  return /^\d+@/.test(value) ? 'worker' : value;
};

interface ProtoJson {
  toJson(type: unknown, message: unknown): unknown;
  fromJson(type: unknown, json: unknown, options: object): unknown;
}

/**
 * The converter must be of the very protobufjs that the message types are made with; more than one may be installed,
 * and the SDK's own `historyToJSON` takes whichever is nearest to it.
 */
const require = createRequire(import.meta.url);
const requireBesideProto = createRequire(require.resolve('@temporalio/proto'));
const { toJson, fromJson } = requireBesideProto('protobufjs/ext/protojson') as ProtoJson;
const proto = require('@temporalio/proto') as {
  readonly temporal: { readonly api: { readonly history: { readonly v1: { readonly History: ProtoType } } } };
};
const { patchProtobufRoot } = require('@temporalio/proto/lib/patch-protobuf-root') as {
  patchProtobufRoot(root: unknown): { lookupType(name: string): unknown };
};
interface ProtoType {
  fromObject(object: unknown): unknown;
}
const HISTORY = patchProtobufRoot(proto).lookupType('temporal.api.history.v1.History');

/** An event in Temporal's JSON: its attributes stand under a name that ends in `EventAttributes`. */
export interface RecordedEvent {
  readonly eventId: string;
  readonly eventTime: string;
  readonly eventType: string;
  readonly [attributes: string]: unknown;
}

export interface RecordedHistory {
  /** Of its file, without `.json`. */
  readonly name: string;
  readonly workflowId: string;
  readonly events: readonly RecordedEvent[];
}

export function writeHistory(name: string, workflowId: string, history: History): number {
  const { History: type } = proto.temporal.api.history.v1;
  const json = JSON.stringify(toJson(HISTORY, type.fromObject(history)));
  const { events } = JSON.parse(json, scrub) as { readonly events: readonly RecordedEvent[] };
  // A line per event: what changed between two recordings can be read.
  const lines = events.map((event) => JSON.stringify(event)).join(',\n');
  writeFileSync(
    join(HISTORIES, `${name}.json`),
    `{"workflowId":${JSON.stringify(workflowId)},"events":[\n${lines}\n]}\n`,
  );
  return events.length;
}

/** Histories of versions that were released, a file of each: never recorded again, whatever becomes of `histories`. */
export const RELEASED = join(dirname(HISTORIES), 'released');
const ENDING = '.json.br';

export const releasedVersions = (): readonly string[] =>
  readdirSync(RELEASED)
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length))
    .sort();

export const releasedHistories = (version: string): readonly RecordedHistory[] =>
  JSON.parse(brotliDecompressSync(readFileSync(join(RELEASED, `${version}${ENDING}`))).toString('utf8'));

/** @throws if this version's are kept already */
export function keepReleased(version: string, histories: readonly RecordedHistory[]): void {
  const packed = brotliCompressSync(JSON.stringify(histories), {
    params: { [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS },
  });
  mkdirSync(RELEASED, { recursive: true });
  writeFileSync(join(RELEASED, `${version}${ENDING}`), packed, { flag: 'wx' });
}

export const historyNames = (): readonly string[] =>
  readdirSync(HISTORIES)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();

export function readHistory(name: string): RecordedHistory {
  const { workflowId, events } = JSON.parse(readFileSync(join(HISTORIES, `${name}.json`), 'utf8'));
  return { name, workflowId, events };
}

/** As the worker replays it. */
export const protoHistory = ({ events }: RecordedHistory): History =>
  fromJson(HISTORY, { events }, { ignoreUnknownFields: true }) as History;
