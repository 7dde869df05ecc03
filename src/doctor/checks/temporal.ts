/** Temporal: the CLI that a start runs its own server with, or the server that is there; version, namespace, retention. */
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { tsToMs } from '@temporalio/common/lib/time.js';
import { runProgram } from '../../runtime/run-program.ts';
import { SEARCH_ATTRIBUTES } from '../../runtime/search-attributes.ts';
import { findTemporalCli, TEMPORAL_CLI_VERSION } from '../../runtime/temporal-cli.ts';
import { connectOptions } from '../../runtime/temporal-connection.ts';
import { requireTemporalStore } from '../../runtime/temporal-store.ts';
import type { Check } from '../check.ts';
import { brokenBy } from '../examine.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';
import type { Configured } from '../subject.ts';

const CONNECT_MS = 5_000;
const CALL_MS = 5_000;
const NOT_FOUND = 5;
const DAY_MS = 86_400_000;
const WANTED_DAYS = 30;
/** The server that we are tested with, and the oldest that has what we use. */
const TESTED = '1.32';
const OLDEST = '1.28';

const minorOf = (version: string): number => Number(/^1\.(\d+)/.exec(version)?.[1] ?? Number.NaN);

export function judgeVersion(version: string): Judgement {
  const minor = minorOf(version);
  const tested = `Driftless is tested with ${TESTED}`;
  if (!Number.isFinite(minor)) return warn(`Temporal server ${version || 'of unknown version'}; ${tested}.`, NEWER);
  if (minor < minorOf(OLDEST)) return fail(`Temporal server ${version} is too old: ${OLDEST} or later.`, NEWER);
  return minor < minorOf(TESTED)
    ? warn(`Temporal server ${version}; ${tested}.`, NEWER)
    : pass(`Temporal server ${version}.`);
}

const NEWER = `Use Temporal server ${TESTED}.`;

export function judgeNamespace(
  namespace: string,
  retentionMs: number | null,
  missing: readonly string[],
): readonly Judgement[] {
  const days = retentionMs === null ? null : Math.floor(retentionMs / DAY_MS);
  const kept =
    days === null || days < WANTED_DAYS
      ? warn(
          `Namespace ${namespace} keeps histories ${days === null ? 'for an unknown time' : `${days} days`}; ${WANTED_DAYS} are wanted.`,
          `A start raises it where it may; else: temporal operator namespace update --retention ${WANTED_DAYS}d ${namespace}`,
        )
      : pass(`Namespace ${namespace}, histories are kept ${days} days.`);
  if (missing.length === 0) return [kept];
  return [
    kept,
    warn(
      `Search attributes are missing: ${missing.join(', ')}.`,
      'A start adds them where it may; else have an operator add them. Without them nothing is searched by.',
    ),
  ];
}

/** One that a start would run; none is fetched from here. */
async function ofStore({ settings }: Configured): Promise<readonly Judgement[]> {
  return await requireTemporalStore(settings.home).then(
    () => [],
    (error: unknown) => [brokenBy(error)],
  );
}

async function ofCli({ settings, source }: Configured): Promise<Judgement> {
  try {
    const given = settings.temporal.cli ?? undefined;
    const { path, source: where } = await findTemporalCli({ given, env: source.env, say: () => {}, fetchers: [] });
    const { output } = await runProgram(path, ['--version'], CALL_MS);
    const version = /temporal version (\S+)/.exec(output)?.[1] ?? 'of unknown version';
    return version === TEMPORAL_CLI_VERSION
      ? pass(`A start runs its own server with the Temporal CLI ${version} (${where}).`)
      : warn(`The Temporal CLI is ${version} (${where}); tested is ${TEMPORAL_CLI_VERSION}.`, CLI_REMEDY);
  } catch (error) {
    if (settings.temporal.cli !== null) return brokenBy(error);
    return warn('There is no Temporal CLI yet: the first start fetches it, which takes a minute.', CLI_REMEDY);
  }
}

const CLI_REMEDY = `Install the CLI ${TEMPORAL_CLI_VERSION} (https://docs.temporal.io/cli), or set TEMPORAL_CLI or TEMPORAL_ADDRESS.`;

async function ofServer({ settings }: Configured, address: string): Promise<readonly Judgement[]> {
  const { namespace } = settings.temporal;
  let connection: Connection;
  try {
    connection = await Connection.connect({
      ...(await connectOptions(settings.temporal, address)),
      connectTimeout: CONNECT_MS,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [
      fail(
        `Temporal does not answer at ${address}: ${why}`,
        'Start it, or correct TEMPORAL_ADDRESS, its TLS files or API key.',
      ),
    ];
  }
  try {
    const call = <T>(work: () => Promise<T>) => connection.withDeadline(Date.now() + CALL_MS, work);
    const { serverVersion } = await call(() => connection.workflowService.getSystemInfo({}));
    const version = judgeVersion(serverVersion ?? '');
    try {
      const found = await call(() => connection.workflowService.describeNamespace({ namespace }));
      const ttl = found.config?.workflowExecutionRetentionTtl;
      const listed = await call(() => connection.operatorService.listSearchAttributes({ namespace })).catch(() => null);
      const missing = Object.keys(SEARCH_ATTRIBUTES).filter(
        (name) => listed !== null && listed.customAttributes?.[name] === undefined,
      );
      return [version, ...judgeNamespace(namespace, ttl == null ? null : tsToMs(ttl), missing)];
    } catch (error) {
      if (!isGrpcServiceError(error)) throw error;
      if (error.code !== NOT_FOUND)
        return [
          version,
          fail(`Namespace ${namespace}: ${error.details}`, 'Correct TEMPORAL_NAMESPACE, or the rights of this client.'),
        ];
      return [
        version,
        warn(
          `Namespace ${namespace} does not exist.`,
          `A start makes it where it may; else: temporal operator namespace create --retention ${WANTED_DAYS}d ${namespace}`,
        ),
      ];
    }
  } finally {
    await connection.close();
  }
}

export const temporal: Check = {
  name: 'temporal',
  needsSettings: true,
  async run(subject) {
    const { address, port } = subject.settings.temporal;
    if (address !== null) return await ofServer(subject, address);
    return subject.holder === null
      ? [await ofCli(subject), ...(await ofStore(subject))]
      : await ofServer(subject, `127.0.0.1:${port}`);
  },
};
