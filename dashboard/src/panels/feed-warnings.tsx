import { stats } from '../state/store.ts';
import { Panel } from './parts.tsx';

/** What the feed has to say against its own data: gaps, and periods in which nothing is settled. */
export function FeedWarnings() {
  const market = stats.value?.market;
  // The venue's own word on its pauses has a place of its own.
  const warnings = (market?.warnings ?? []).filter((warning) => warning !== market?.pauses.detail);
  if (warnings.length === 0) return null;
  return (
    <Panel id="feed-warnings" title="The feed warns">
      <ul class="plain-list">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Panel>
  );
}
