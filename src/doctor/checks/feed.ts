/** The prices of a paper account: made up, of files, or of public sources. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openFeed } from '../../market-data/open-feed.ts';
import { publicSources } from '../../runtime/live-feed.ts';
import type { Check } from '../check.ts';
import { brokenBy } from '../examine.ts';
import { fail, type Judgement, pass, warn } from '../finding.ts';

/** Prices of fewer than two sources are not valid. */
const LEAST_SOURCES = 2;

export const feed: Check = {
  name: 'feed',
  needsSettings: true,
  async run({ settings: { mode, feed: id, paper } }) {
    if (mode === 'live') return [];
    if (id === 'live') return await ofSources();
    try {
      openFeed(id, { periodMs: paper.fundingPeriodMs });
      return [pass(`${id}${id.startsWith('synthetic') ? ', made-up prices' : ' can be read'}.`)];
    } catch (error) {
      return [brokenBy(error)];
    }
  },
};

async function ofSources(): Promise<readonly Judgement[]> {
  const { prices } = publicSources(async (ms) => void (await sleep(ms)));
  const asked = await Promise.allSettled(prices.map((source) => source.read()));
  const silent = prices.filter((_, index) => asked[index]?.status === 'rejected').map(({ name }) => name);
  const answering = prices.length - silent.length;
  if (silent.length === 0) return [pass(`All ${prices.length} public sources answer.`)];
  const message = `These public sources do not answer: ${silent.join(', ')}.`;
  const remedy = 'See whether this machine reaches them (proxy, firewall); they may be away for a while.';
  return [
    answering < LEAST_SOURCES
      ? fail(`${message} Prices of fewer than ${LEAST_SOURCES} are not valid.`, remedy)
      : warn(message, remedy),
  ];
}
