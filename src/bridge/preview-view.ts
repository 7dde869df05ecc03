/** POST /api/preview: what a command would come to, on the latest figures that are known. It changes and sends nothing. */
import type { Logger } from 'pino';
import { decodeSnapshot, type SnapshotJson } from '../domain/account/snapshot.ts';
import type { AdmissionView } from '../domain/engine/admission.ts';
import type { Policy } from '../domain/hedge/policy.ts';
import type { CommandRequest, Mode } from '../domain/order/command.ts';
import { type CommandForecast, previewCommand, unknownForecast } from '../domain/planning/command-preview.ts';
import type { EngineRecord } from '../journal/records.ts';
import type { Clock } from '../lib/clock.ts';
import type * as z from '../lib/codec.ts';
import type { CommandPreview } from '../protocol/preview.ts';
import { errorView } from './answer-views.ts';
import { otherMode } from './commands.ts';
import type { LastKnown } from './engine-watch.ts';
import type { IncomingCommand } from './protocol.ts';
import { isoTime } from './units-view.ts';

interface PreviewPorts {
  readonly mode: Mode;
  readonly policy: (engine: EngineRecord | null) => Policy;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Reads afresh within its own time, and keeps the former figures if that fails. */
  readonly known: () => Promise<LastKnown>;
}

const PPM = 1e6;

export type Previewer = (command: IncomingCommand) => Promise<z.input<typeof CommandPreview>>;

export function previewer({ mode, policy, clock, logger, known }: PreviewPorts): Previewer {
  const forecast = (request: CommandRequest, snapshot: SnapshotJson, engine: EngineRecord | null) =>
    previewCommand(request, {
      snapshot: decodeSnapshot(snapshot),
      policy: policy(engine),
      hedgeTargetPpm: engine === null ? null : Math.round(engine.hedgeTarget * PPM),
      cooldownUntilMs: engine?.cooldownUntilMs ?? null,
      admission: engine === null ? null : admissionOf(engine),
      mayStillOpen: engine !== null && (engine.operation !== null || engine.unresolved.length > 0),
      nowMs: clock.nowMs(),
    });
  return async (command) => {
    const { request } = command;
    const { snapshot, engine } = await known();
    let found = unknownForecast(request);
    try {
      if (snapshot !== null) found = forecast(request, snapshot, engine);
    } catch (error) {
      // A snapshot of another version: unknown figures are an answer, and the command can be sent without them.
      logger.error({ err: error, code: 'SNAPSHOT_UNREADABLE' }, 'A preview could not be made');
    }
    const asked = command.mode ?? ('mode' in request ? request.mode : null);
    const refusal = asked !== null && asked !== mode ? (otherMode(mode, asked).error ?? null) : found.refusal;
    return previewView({ ...found, refusal }, snapshot);
  };
}

function previewView(
  { refusal, gates, ...figures }: CommandForecast,
  snapshot: SnapshotJson | null,
): z.input<typeof CommandPreview> {
  return {
    ...figures,
    as_of: snapshot === null ? null : isoTime(snapshot.takenAtMs),
    refusal: refusal === null ? null : errorView(refusal),
    gates: gates as z.input<typeof CommandPreview>['gates'],
  };
}

/** As the engine published it; which operations are unresolved matters only to a deposit, and the engine decides that one. */
function admissionOf({ state, holds, unresolved, decisionContext }: EngineRecord): AdmissionView {
  const windowClosed = decisionContext?.mayStillLand !== true;
  return {
    ...{ state, holds },
    unresolved: unresolved.map((operationId) => ({ operationId, kind: 'rebalance', windowClosed })),
    dropped: decisionContext?.dropped === true,
    hasPosition: null,
  };
}
