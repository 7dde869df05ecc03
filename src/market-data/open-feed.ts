/** Opens a feed by its id, which comes from MARKET_FEED and is part of the engine's id. */

import { MS_PER_HOUR } from '../domain/money/units.ts';
import { ValidationError } from '../lib/errors.ts';
import type { MarketFeed } from './feed.ts';
import { isRecording, Recording, recordedFeed } from './recording.ts';
import { openReplay } from './replay.ts';
import { openSynthetic } from './synthetic.ts';

const FORMS = '`synthetic`, `synthetic:<seed>`, `replay:<funding.csv>` or `replay:<funding.csv>,<lend.csv>`';
const MIN_PERIOD_MS = 1_000;

interface FeedOptions {
  /** FUNDING_PERIOD_SECONDS; the venue's own hour by default. */
  readonly periodMs?: number;
}

/**
 * @throws ValidationError INVALID_FIELD for an id that is none of the forms, MARKET_DATA_INVALID (file, line, field, got,
 * expected) for a file that cannot be read
 */
export function openFeed(id: string, { periodMs = MS_PER_HOUR }: FeedOptions = {}): MarketFeed {
  if (!Number.isSafeInteger(periodMs) || periodMs < MIN_PERIOD_MS) {
    throw refused('FUNDING_PERIOD_SECONDS', String(periodMs / 1000), 'whole seconds, at least 1');
  }
  if (id === 'synthetic' || id.startsWith('synthetic:')) {
    const seed = id.slice('synthetic:'.length);
    if (id === 'synthetic:') throw refused('MARKET_FEED', id, FORMS);
    return openSynthetic({ id, seed, periodMs });
  }
  if (id.startsWith('replay:')) {
    const paths = id.slice('replay:'.length).split(',');
    const [fundingPath = '', lendPath = null] = paths.map((path) => path.trim());
    if (paths.length > 2 || fundingPath === '' || lendPath === '') throw refused('MARKET_FEED', id, FORMS);
    if (lendPath === null && isRecording(fundingPath)) {
      return recordedFeed({ id, rows: Recording.finished(fundingPath).rows, isFinished: true });
    }
    return openReplay({ id, fundingPath, lendPath, periodMs });
  }
  if (id === 'live') {
    // It has to ask its sources first: src/runtime opens it.
    throw new ValidationError('INVALID_FIELD', 'MARKET_FEED=live is no history that can be opened here.', {
      field: 'MARKET_FEED',
      got: id,
      expected: FORMS,
    });
  }
  throw refused('MARKET_FEED', id, FORMS);
}

const refused = (field: string, got: string, expected: string): ValidationError =>
  new ValidationError('INVALID_FIELD', `${field}: expected ${expected}, got ${JSON.stringify(got)}`, {
    field,
    got,
    expected,
  });
