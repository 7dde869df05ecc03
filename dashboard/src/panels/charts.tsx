/** The place of the charts. Their code comes after the first paint: figures and exits never wait for it. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { stats } from '../state/store.ts';
import { Panel } from './parts.tsx';

const LATEST_MS = 2_000;

/** When the browser has nothing better to do. Safari has no idle callback. */
const whenIdle = (work: () => void): void => {
  if ('requestIdleCallback' in window) requestIdleCallback(work, { timeout: LATEST_MS });
  else setTimeout(work, 200);
};

export function ChartsPlace() {
  const [Loaded, setLoaded] = useState<ComponentType | null>(null);
  const [failed, setFailed] = useState(false);
  const ready = stats.value !== null;
  useEffect(() => {
    if (!ready) return;
    whenIdle(() => {
      import('../charts/charts-panel.tsx').then(
        ({ ChartsPanel }) => setLoaded(() => ChartsPanel),
        () => setFailed(true),
      );
    });
  }, [ready]);
  if (Loaded !== null) return <Loaded />;
  return (
    <Panel id="charts" title="Charts">
      <p class="charts-waiting note">
        {failed ? 'The charts could not be loaded. Reload the page.' : 'Loading charts…'}
      </p>
    </Panel>
  );
}
