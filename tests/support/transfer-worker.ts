/** A worker to kill, over transfers of SOL: `crash/mortal-worker.ts`. */
import { runMortalWorker } from './crash/mortal-worker.ts';
import { type TransferAccount, TransferVenue } from './transfer-venue.ts';

runMortalWorker<TransferAccount>(async (account, chain) => new TransferVenue(account, chain));
