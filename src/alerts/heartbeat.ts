/**
 * Calls a URL every minute while everything works. A service that expects the call (healthchecks.io and others) raises the
 * alarm when it stays away: nothing else can tell that this whole machine is gone.
 */
import { type Repeated, repeatEvery } from '../lib/repeat.ts';
import type { ChannelLogger } from './channels.ts';

interface HeartbeatPorts {
  /** A secret: whoever knows it can call it. */
  readonly url: string;
  readonly isHealthy: () => Promise<boolean>;
  readonly logger: ChannelLogger;
}

const EVERY_MS = 60_000;
const CALL_MS = 10_000;

export function startHeartbeat({ url, isHealthy, logger }: HeartbeatPorts, everyMs = EVERY_MS): Repeated {
  let failed = false;
  return repeatEvery(everyMs, async () => {
    const problem = await beat(url, isHealthy);
    if (problem !== null && !failed) logger.warn({ problem }, 'The heartbeat could not be sent');
    failed = problem !== null;
  });
}

/** Null: called, or left out on purpose since a part does not work. */
async function beat(url: string, isHealthy: () => Promise<boolean>): Promise<string | null> {
  return (await isHealthy().catch(() => false)) ? await callHeartbeat(url) : null;
}

/** Null: the endpoint took the call; else why not, in words that hold no part of the URL. */
export async function callHeartbeat(url: string): Promise<string | null> {
  try {
    const { status } = await fetch(url, { redirect: 'follow', signal: AbortSignal.timeout(CALL_MS) });
    return status < 400 ? null : `the endpoint answered ${status}`;
  } catch (error) {
    const isLate = error instanceof Error && error.name === 'TimeoutError';
    return isLate ? `no answer within ${CALL_MS / 1_000} s` : 'the connection failed';
  }
}
