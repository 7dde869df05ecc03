/** The wall clock as a port: nothing below `src/runtime` reads the time by itself. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
}
