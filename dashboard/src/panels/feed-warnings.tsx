import { stats } from '../state/store.ts';
import { Panel } from './parts.tsx';

/** Problems that the feed reports in its own data: gaps, and periods that settle nothing. */
export function FeedWarnings() {
  const market = stats.value?.market;
  // Pauses of the venue are shown in their own notice.
  const warnings = (market?.warnings ?? []).filter((warning) => warning !== market?.pauses.detail);
  if (warnings.length === 0) return null;
  return (
    <Panel id="feed-warnings" title="Price feed warnings">
      <ul class="plain-list">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Panel>
  );
}
