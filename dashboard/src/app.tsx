import { ActivityPanel } from './panels/activity-list.tsx';
import { AlertsPanel } from './panels/alerts.tsx';
import { Answers } from './panels/answers.tsx';
import { BalancesPanel } from './panels/balances.tsx';
import { ChartsPlace } from './panels/charts.tsx';
import { CommandsPanel } from './panels/command-forms.tsx';
import { ClickShield, Dialogs } from './panels/dialog.tsx';
import { EarningsPanel } from './panels/earnings.tsx';
import { EnginesPage, OtherEngine } from './panels/engines.tsx';
import { FeedWarnings } from './panels/feed-warnings.tsx';
import { FirstRun } from './panels/first-run.tsx';
import { ConnectionNotice, Header, VenueNotice } from './panels/header.tsx';
import { HistoryPanel } from './panels/history.tsx';
import { PositionsPanel } from './panels/positions.tsx';
import { SectionNav } from './panels/section-nav.tsx';
import { SettingsPanel } from './panels/settings.tsx';
import { UnresolvedPanel } from './panels/unresolved.tsx';
import { engineAddress } from './socket/engine-address.ts';
import { routeOf } from './state/route.ts';
import { hasTwoSides } from './state/screen-width.ts';
import { announcement, stale, stats } from './state/store.ts';

/** Panels in the order of a narrow screen; on a wide one the style sheet places the areas beside each other. */
function Account() {
  const besideMain = hasTwoSides.value;
  return (
    <>
      <div class="area-top">
        <ConnectionNotice />
        <VenueNotice />
        <Answers />
        <SectionNav />
        <FirstRun />
        <UnresolvedPanel />
      </div>
      <div class="area-main">
        <ChartsPlace />
        <div class="account-pair">
          <PositionsPanel />
          <BalancesPanel />
        </div>
      </div>
      <div class="area-side">
        <div class="side-ticket">
          <CommandsPanel />
        </div>
        <div class="side-activity">
          <ActivityPanel />
          <AlertsPanel />
        </div>
        {besideMain ? <EarningsPanel /> : null}
      </div>
      <div class="area-record">
        {besideMain ? null : <EarningsPanel />}
        <HistoryPanel />
        <FeedWarnings />
        <SettingsPanel />
      </div>
    </>
  );
}

export function App() {
  const route = routeOf(location.pathname);
  const own = route.kind === 'engine' && isServed(route.engineId);
  return (
    <>
      <a class="skip" href="#main">
        Skip to the account
      </a>
      <Header />
      <main id="main" tabIndex={-1} class={stale.value ? 'main is-stale' : 'main'}>
        {own ? (
          <Account />
        ) : (
          <div class="area-top">
            <ConnectionNotice />
            {route.kind === 'engines' ? <EnginesPage /> : <OtherEngine engineId={route.engineId ?? ''} />}
          </div>
        )}
      </main>
      <Dialogs />
      <ClickShield />
      <div class="sr-only" role="status" aria-live="polite" data-testid="announcement">
        {announcement.value}
      </div>
    </>
  );
}

/** An engine of this process: named by its address, or by none. Until the page knows which that is, it counts as ours. */
function isServed(engineId: string | null): boolean {
  const ours = stats.value?.engine.engine_id ?? null;
  if (engineAddress('') !== '') return true;
  return engineId === null || ours === null || ours === engineId;
}
