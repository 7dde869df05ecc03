/** How many calls may be in flight to the engine at once, with places kept for what has priority. */

import { type Action, type CommandAnswer, type CommandRequest, isOperation } from '../domain/order/command.ts';
import { isExit } from '../domain/order/operations.ts';
import type { Clock } from '../lib/clock.ts';
import type { FairPlaces } from '../lib/fair-places.ts';
import { within } from '../lib/within.ts';
import { acceptanceUnknown, busy, unavailable } from './answers.ts';
import type { EngineGateway } from './gateway.ts';
import {
  MAX_WAITING_WAYS_OUT,
  ORDINARY_PLACES,
  ORDINARY_PLACES_OF_PROCESS,
  PLACE_WITHIN_MS,
  RESERVED_PLACES,
} from './limits.ts';

/** Never refused as busy: they end risk, or what blocks everything else. */
export const hasPriority = (request: CommandRequest): boolean =>
  isOperation(request) ? isExit(request.kind) : PRIORITY_CONTROLS.has(request.action);
const PRIORITY_CONTROLS: ReadonlySet<Action> = new Set(['STOP_ENGINE', 'RESOLVE_TRANSACTION', 'RESUME']);

interface Waiter {
  readonly start: () => void;
}

/**
 * Puts a gateway behind a bounded number of places. An ordinary command without one is refused at once with ENGINE_BUSY; one
 * beyond those of the whole process waits for its engine's turn there first. A command with priority uses any place of its
 * engine, and waits for one, at the head, until its deadline. A call that does not end by its deadline is answered
 * ACCEPTANCE_UNKNOWN and gives its place back.
 */
export function withPlaces(gateway: EngineGateway, clock: Clock, ofProcess: FairPlaces): EngineGateway {
  let ordinary = 0;
  let prioritized = 0;
  const waiting = new Set<Waiter>();

  const free = (): number => ORDINARY_PLACES + RESERVED_PLACES - ordinary - prioritized;

  const release = (): void => {
    for (const waiter of waiting) {
      if (free() <= 0) return;
      waiting.delete(waiter);
      waiter.start();
    }
  };

  const run = async (deadlineMs: number, call: () => Promise<CommandAnswer>): Promise<CommandAnswer> => {
    const waited = await within(deadlineMs - clock.nowMs(), call);
    return waited.kind === 'value' ? waited.value : acceptanceUnknown();
  };

  const ordinaryCall = async (
    engineId: string,
    deadlineMs: number,
    call: () => Promise<CommandAnswer>,
  ): Promise<CommandAnswer> => {
    if (ordinary >= ORDINARY_PLACES || free() <= 0 || waiting.size > 0) {
      return busy(`The engine is busy with ${ORDINARY_PLACES} commands. Try again in a second.`);
    }
    ordinary += 1;
    try {
      const withinMs = Math.min(PLACE_WITHIN_MS, deadlineMs - clock.nowMs());
      if (!(await ofProcess.take(engineId, withinMs))) {
        return busy(`The engines are busy with ${ORDINARY_PLACES_OF_PROCESS} commands. Try again in a second.`);
      }
      try {
        return await run(deadlineMs, call);
      } finally {
        ofProcess.giveBack(engineId);
      }
    } finally {
      ordinary -= 1;
      release();
    }
  };

  /** False when the deadline came before a place. */
  const placeWithPriority = (deadlineMs: number): Promise<boolean> => {
    if (free() > 0) {
      prioritized += 1;
      return Promise.resolve(true);
    }
    if (waiting.size >= MAX_WAITING_WAYS_OUT) return Promise.resolve(false);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        start: () => {
          clearTimeout(timer);
          prioritized += 1;
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        waiting.delete(waiter);
        resolve(false);
      }, deadlineMs - clock.nowMs());
      waiting.add(waiter);
    });
  };

  const priorityCall = async (deadlineMs: number, call: () => Promise<CommandAnswer>): Promise<CommandAnswer> => {
    if (!(await placeWithPriority(deadlineMs))) {
      return unavailable('engine', 'The engine is busy with other commands, so this one was not sent. Send it again.');
    }
    try {
      return await run(deadlineMs, call);
    } finally {
      prioritized -= 1;
      release();
    }
  };

  return {
    command: (engineId, envelope, deadlineMs) => {
      const call = () => gateway.command(engineId, envelope, deadlineMs);
      return hasPriority(envelope.request) ? priorityCall(deadlineMs, call) : ordinaryCall(engineId, deadlineMs, call);
    },
    resolve: (operationId, verdict, updateId, deadlineMs) =>
      priorityCall(deadlineMs, () => gateway.resolve(operationId, verdict, updateId, deadlineMs)),
    state: (engineId, deadlineMs) => gateway.state(engineId, deadlineMs),
    ping: (deadlineMs) => gateway.ping(deadlineMs),
  };
}
