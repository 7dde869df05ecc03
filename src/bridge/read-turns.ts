/**
 * Few reads over HTTP are answered at once, and the next turn goes to the engine that has the fewest: between two answers the
 * process does what else it has to do, so that many readers of one engine hold up no command of another. A reader waits for a
 * bounded time, because a read that hangs must not keep others from an answer.
 */
import type { RequestHandler } from 'express';
import type { FairPlaces } from '../lib/fair-places.ts';
import { parametersOf } from './address.ts';
import { READ_TURN_WITHIN_MS } from './limits.ts';

export const readTurns =
  (places: FairPlaces, engineId: string, withinMs = READ_TURN_WITHIN_MS): RequestHandler =>
  async (request, response, next) => {
    // A file goes out as fast as its client takes it.
    if (request.method !== 'GET' || parametersOf(request.url).get('format') === 'csv') return next();
    if (!(await places.take(engineId, withinMs))) return next();
    let held = true;
    const end = () => {
      if (!held) return;
      held = false;
      setImmediate(() => places.giveBack(engineId));
    };
    // Its client has gone while it waited.
    if (response.closed) return end();
    response.once('prefinish', end).once('close', end);
    next();
  };
