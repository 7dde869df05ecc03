/** How to reach Temporal, for worker and client alike, and what its namespace must hold for us. */

import { readFile } from 'node:fs/promises';
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { CriticalError } from '../lib/errors.ts';
import { sleep } from '../lib/sleep.ts';
import type { TemporalSettings } from './config.ts';
import { SEARCH_ATTRIBUTES } from './search-attributes.ts';

/** gRPC status codes. */
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const RETENTION_DAYS = 30;
const DAY_MS = 86_400_000;
const CALL_MS = 10_000;
const CHECK_MS = 1_000;
const NAMESPACE_TRIES = 60;
const NAMESPACE_PAUSE_MS = 500;

/** Fits the client's connection and the worker's. */
export interface ConnectOptions {
  readonly address: string;
  readonly tls?: true | { readonly clientCertPair: { readonly crt: Buffer; readonly key: Buffer } };
  readonly apiKey?: string;
  readonly metadata?: Record<string, string>;
}

/** @throws CriticalError TEMPORAL_TLS when a certificate cannot be read */
export async function connectOptions(settings: TemporalSettings, address: string): Promise<ConnectOptions> {
  const pem = async (path: string, setting: string) =>
    readFile(path).catch((error: Error) => {
      throw new CriticalError('TEMPORAL_TLS', `${setting}: ${path} cannot be read: ${error.message}`);
    });
  const { tlsCertPath, tlsKeyPath, apiKey } = settings;
  const clientCertPair =
    tlsCertPath === null || tlsKeyPath === null
      ? null
      : { crt: await pem(tlsCertPath, 'TEMPORAL_TLS_CERT'), key: await pem(tlsKeyPath, 'TEMPORAL_TLS_KEY') };
  return {
    address,
    ...(clientCertPair !== null ? { tls: { clientCertPair } } : apiKey !== null ? { tls: true } : {}),
    ...(apiKey === null ? {} : { apiKey, metadata: { 'temporal-namespace': settings.namespace } }),
  };
}

/** Throws when the server does not answer for this namespace. */
export async function checkTemporal(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: CHECK_MS });
  try {
    await connection.withDeadline(Date.now() + CHECK_MS, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
  } finally {
    await connection.close();
  }
}

const codeOf = (error: unknown): number | null => (isGrpcServiceError(error) ? error.code : null);

interface PreparedNamespace {
  /** Null: the namespace knows all our search attributes; else why not, with the remedy. Workflows then set none. */
  readonly searchAttributesMissing: string | null;
}

/**
 * The namespace, with at least 30 days of retention where we may set it, and our search attributes.
 * @throws CriticalError TEMPORAL_NAMESPACE when it is missing and we may not make it
 */
export async function prepareNamespace(connection: Connection, namespace: string): Promise<PreparedNamespace> {
  const retention = msToTs(RETENTION_DAYS * DAY_MS);
  const call = <T>(work: () => Promise<T>) => connection.withDeadline(Date.now() + CALL_MS, work);
  const { workflowService } = connection;
  try {
    const found = await call(() => workflowService.describeNamespace({ namespace }));
    const kept = found.config?.workflowExecutionRetentionTtl;
    if (kept === null || kept === undefined || tsToMs(kept) < RETENTION_DAYS * DAY_MS) {
      // A cluster's operator may not let us: then history is kept for as long as they chose.
      await call(() =>
        workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: retention } }),
      ).catch(() => undefined);
    }
  } catch (error) {
    if (codeOf(error) !== NOT_FOUND) throw error;
    await call(() =>
      workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: retention }),
    ).catch((refusal: Error) => {
      if (codeOf(refusal) === ALREADY_EXISTS) return;
      throw new CriticalError(
        'TEMPORAL_NAMESPACE',
        `The Temporal namespace ${namespace} does not exist and cannot be created: ${refusal.message}\n` +
          `Remedy: create it (30 days of retention), or set TEMPORAL_NAMESPACE to an existing one.`,
      );
    });
  }
  return { searchAttributesMissing: await addSearchAttributes(connection, namespace) };
}

async function addSearchAttributes(connection: Connection, namespace: string): Promise<string | null> {
  const { operatorService } = connection;
  const call = <T>(work: () => Promise<T>) => connection.withDeadline(Date.now() + CALL_MS, work);
  const missing = async () => {
    const listed = await call(() => operatorService.listSearchAttributes({ namespace }));
    return Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => listed.customAttributes?.[name] === undefined);
  };
  let last: unknown = null;
  // A namespace just made reaches every part of a cluster within seconds.
  for (let tries = 0; tries < NAMESPACE_TRIES; tries += 1) {
    try {
      const wanted = await missing();
      if (wanted.length === 0) return null;
      const searchAttributes = Object.fromEntries(wanted.map(([name, { type }]) => [name, type]));
      await call(() => operatorService.addSearchAttributes({ namespace, searchAttributes }));
    } catch (error) {
      last = error;
      if (codeOf(error) !== NOT_FOUND && codeOf(error) !== ALREADY_EXISTS) break;
    }
    await sleep(NAMESPACE_PAUSE_MS);
  }
  const wanted = Object.entries(SEARCH_ATTRIBUTES).map(([name, { flag }]) => `${name} (${flag})`);
  return (
    `the search attributes cannot be set from here: ${last instanceof Error ? last.message : 'they do not appear'}; ` +
    `have an operator add ${wanted.join(', ')} to the namespace ${namespace}`
  );
}
