/** Which of the engine's decisions are worth a row: they come with every read and seldom change. */
import type { DecisionRecord } from './records.ts';

const HOUR_MS = 3_600_000;

/** What makes a decision another one: its action, its reasons, and the gates that block. */
const sortOf = ({ action, reasons, gates }: DecisionRecord): string =>
  JSON.stringify([
    action,
    reasons.map(({ code }) => code),
    gates.flatMap(({ code, blocks }) => (blocks ? [code] : [])),
  ]);

/** Of equal ones in a row the first is written, and one an hour (market time). */
export const isNewDecision = (last: DecisionRecord | null, next: DecisionRecord): boolean =>
  last === null || sortOf(last) !== sortOf(next) || Math.abs(next.marketTimeMs - last.marketTimeMs) >= HOUR_MS;
