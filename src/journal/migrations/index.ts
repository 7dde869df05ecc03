/**
 * The migrations, in code, so that the same run on PGlite and on Postgres. A new one is a file `NNNN-what.ts` with
 * `up(db)` and a line here; one that has shipped never changes.
 */
import type { Migration, MigrationProvider } from 'kysely';
import * as journal from './0001-journal.ts';
import * as paper from './0002-paper.ts';
import * as driftBooks from './0003-drift-books.ts';
import * as quietRebuild from './0004-quiet-rebuild.ts';
import * as snapshotOrder from './0005-snapshot-order.ts';
import * as quotePrice from './0006-quote-price.ts';
import * as series from './0007-series.ts';
import * as decisions from './0008-decisions.ts';
import * as alertDeliveries from './0009-alert-deliveries.ts';
import * as packedSeries from './0010-packed-series.ts';
import * as booksInQuote from './0011-books-in-quote.ts';

const MIGRATIONS: Record<string, Migration> = {
  '0001-journal': journal,
  '0002-paper': paper,
  '0003-drift-books': driftBooks,
  '0004-quiet-rebuild': quietRebuild,
  '0005-snapshot-order': snapshotOrder,
  '0006-quote-price': quotePrice,
  '0007-series': series,
  '0008-decisions': decisions,
  '0009-alert-deliveries': alertDeliveries,
  '0010-packed-series': packedSeries,
  '0011-books-in-quote': booksInQuote,
};

export const migrationProvider: MigrationProvider = {
  getMigrations: async () => MIGRATIONS,
};
