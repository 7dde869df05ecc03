/** What `--demo` does after the start: one ordinary command over the product's own socket, as a person would send it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ClientPlace } from '../cli/client.ts';
import { sendCommand } from '../cli/send-command.ts';
import { SOL_PERP } from '../domain/account/account.ts';
import { decodeSnapshot } from '../domain/account/snapshot.ts';
import { countedSpot } from '../domain/hedge/delta.ts';
import { decodePolicy, type PolicyJson } from '../domain/hedge/policy.ts';
import { perpMarketOf, perpSize } from '../domain/margin/margin.ts';
import { formatAmount } from '../domain/money/amounts.ts';
import { isFinal } from '../domain/order/command.ts';
import { type DemoFacts, demoCommandId, demoHedge } from '../domain/planning/demo-hedge.ts';
import type { Journal } from '../journal/journal.ts';
import { PaperVenue } from '../venues/paper/paper-venue.ts';

interface DemoPorts {
  readonly journal: Journal;
  readonly engineId: string;
  readonly policy: PolicyJson;
  readonly place: ClientPlace;
  readonly say: (line: string) => void;
}

const LOOK_EVERY_MS = 1_000;
/** The account is read within seconds of a start. */
const LOOKS = 120;
const COMMAND_MS = 60_000;

/** Never throws: the demo's hedge is a courtesy, and the product runs on without it. */
export function runDemo(ports: DemoPorts): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const ended = openHedge(ports, stopped.signal).catch((error: unknown) => {
    if (!stopped.signal.aborted)
      ports.say(`The demo opened no hedge: ${error instanceof Error ? error.message : String(error)}`);
  });
  return {
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}

async function openHedge(ports: DemoPorts, stopped: AbortSignal): Promise<void> {
  const { place, say } = ports;
  for (let look = 0; look < LOOKS; look += 1) {
    const step = demoHedge(await factsOf(ports));
    if (step.kind === 'leave') return;
    if (step.kind === 'open') {
      const size = formatAmount(step.size, 9);
      const sent = {
        action: 'DRIFT_OPEN_POSITION',
        commandId: step.commandId,
        data: { market: SOL_PERP, direction: 'short', size, mode: 'paper' },
      };
      const { success, message } = await sendCommand(place, sent, COMMAND_MS, () => undefined);
      say(
        success
          ? `Demo: hedged ${size} SOL. Funding arrives within a minute or two.`
          : `The demo opened no hedge: ${message}`,
      );
      return;
    }
    await pause(LOOK_EVERY_MS, undefined, { signal: stopped });
  }
}

async function factsOf({ journal, engineId, policy }: DemoPorts): Promise<DemoFacts> {
  const accountSinceMs = await PaperVenue.accountSince(journal, engineId);
  const ownId = accountSinceMs === null ? null : demoCommandId(accountSinceMs);
  const own = ownId === null ? null : await journal.command(ownId);
  const { items: trades } = await journal.trades({ engineId, limit: 10 });
  const { items: operations } = await journal.operations({
    ...{ engineId, limit: 10 },
    ...(accountSinceMs === null ? {} : { fromMs: accountSinceMs }),
  });
  const latest = await journal.latestSnapshot(engineId);
  const snapshot = latest === null ? null : decodeSnapshot(latest.snapshot);
  const market = snapshot === null ? undefined : perpMarketOf(snapshot.markets, SOL_PERP);
  return {
    mode: policy.mode,
    accountSinceMs,
    answered: own?.answer != null && isFinal(own.answer),
    othersActed:
      operations.some(({ commandId }) => commandId !== ownId) ||
      trades.some(({ operationId }) => operationId !== own?.operationId),
    spot: snapshot === null ? null : countedSpot(snapshot, decodePolicy(policy)),
    perp:
      snapshot === null || snapshot.account === null ? null : perpSize(snapshot.account, snapshot.markets, SOL_PERP),
    step: market?.stepSize ?? null,
    minimum: market?.minimumSize ?? null,
  };
}
