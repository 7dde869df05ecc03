/** A sweep as one HTML file: what it comes to, heat maps of its parameters, and its best runs. */
import { escapeHtml } from './charts.ts';
import { type HeatMap, heatMaps } from './heat-maps.ts';
import { gridTable, htmlPage, overview } from './html-parts.ts';
import type { RunReport } from './run-report.ts';
import { bestFirst } from './terminal-report.ts';
import { verdict } from './verdict.ts';

const MOST_RUNS = 50;

export function sweepPage(runs: readonly RunReport[]): string {
  const places = [...new Set(runs.map(({ place }) => place))];
  return htmlPage(
    places.flatMap((at) => {
      const here = runs.filter(({ place }) => place === at);
      const [first = '', ...more] = verdict(here);
      const best = bestFirst(here).slice(0, MOST_RUNS);
      return [
        `<h2>${escapeHtml(here[0]?.market ?? '')}</h2>`,
        `<p class="verdict">${escapeHtml(first)}</p>`,
        ...more.map((text) => `<p class="note">${escapeHtml(text)}</p>`),
        ...heatMaps(here).flatMap(mapSection),
        `<h3>${best.length < here.length ? `The best ${best.length} of ${here.length} runs` : 'All runs'}</h3>`,
        overview(best),
      ];
    }),
  );
}

const mapSection = (map: HeatMap): readonly string[] => [
  `<h3>${escapeHtml(map.family)}: funding less costs by ${escapeHtml(map.rowName)} and ${escapeHtml(map.columnName)} (per cent a year)</h3>`,
  ...(map.others.length === 0
    ? []
    : [`<p class="note">Each cell is the middle of what ${escapeHtml(map.others.join(', '))} gave.</p>`]),
  gridTable(map.rowName, map.columnName, map),
  '<p class="note">Look for a plateau: a single good cell among bad neighbours is luck.</p>',
];
