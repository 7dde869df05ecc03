/** The program of each live venue, as settings and sentences need it. Loads nothing of them. */
import type { LiveVenueName } from '../lib/ids.ts';
import { DRIFT_V2_PROGRAM } from '../venues/drift/program-id.ts';
import { VELOCITY_PROGRAM_ID } from '../venues/velocity/program/accounts.ts';

interface LiveProgram {
  /** In sentences. */
  readonly name: string;
  readonly programId: string;
  /** Whether our layouts are those of a program at another address too. */
  readonly standsElsewhere: boolean;
}

export const LIVE_PROGRAMS: Readonly<Record<LiveVenueName, LiveProgram>> = {
  velocity: { name: 'Velocity', programId: VELOCITY_PROGRAM_ID, standsElsewhere: false },
  drift: { name: 'Drift', programId: DRIFT_V2_PROGRAM, standsElsewhere: true },
};

/** The venue whose own program this is; null: none of ours. */
export function venueOfProgram(programId: string): LiveVenueName | null {
  const found = Object.entries(LIVE_PROGRAMS).find(([, program]) => program.programId === programId);
  return found === undefined ? null : (found[0] as LiveVenueName);
}
