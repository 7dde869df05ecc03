/** Commands that are programs of their own: each reads its own words. `scripts/driftless.mjs` runs them. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  start: 'run everything: Temporal, the worker, the journal and the page',
  worker: 'run only a worker; needs TEMPORAL_ADDRESS and DATABASE_URL',
  bridge: 'run only the page and the socket; needs the same',
  backtest: 'what a policy would have earned on a funding history',
  'fetch-history': 'a venue’s funding or lend history into a file for replay and backtest',
  signer: 'hold the key under another user, and sign only what a policy lists',
  localnet: 'a local Solana chain with faults on demand',
  soak: 'kill processes at random, run after run, and judge what is left',
};
