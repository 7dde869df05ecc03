import { render } from 'preact';
import { App } from './app.tsx';
import { setReaderLocale } from './format/locale.ts';
import { findEngine } from './socket/engine-address.ts';
import { pathOf, routeOf } from './state/route.ts';
import { startStore } from './state/store.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/header.css';
import './styles/answers.css';
import './styles/charts.css';
import './styles/figures.css';
import './styles/controls.css';
import './styles/lists.css';
import './styles/ticket.css';
import './styles/activity.css';
import './styles/settings.css';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html has no element with the id "app"');

// A cookie has the session now, so the token should not stay in the address, history or bookmarks.
if (location.search.includes('token=')) history.replaceState(null, '', location.pathname + location.hash);

setReaderLocale(navigator.languages);
void begin(root);

async function begin(into: HTMLElement): Promise<void> {
  const route = routeOf(location.pathname);
  if (route.kind === 'engine' && route.engineId !== null) await findEngine(pathOf(route.engineId));
  startStore();
  // The frame of index.html has done its work.
  into.replaceChildren();
  render(<App />, into);
}
