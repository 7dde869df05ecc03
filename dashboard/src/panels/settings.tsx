/** The settings in force, read-only: value, source and default; the deployment; the parts' readiness. */
import { useEffect, useState } from 'preact/hooks';
import { fetchInForce, type InForce } from '../socket/settings.ts';
import { settingGroups } from '../state/setting-groups.ts';
import { stats } from '../state/store.ts';
import { Badge, Panel, ScrollRegion } from './parts.tsx';

const READ_AGAIN_MS = 10_000;

export function SettingsPanel() {
  const [isOpen, setOpen] = useState(false);
  return (
    <Panel
      id="settings"
      title="Settings in force"
      aside={
        <button
          type="button"
          class="button button-quiet"
          aria-expanded={isOpen}
          data-testid="settings-toggle"
          onClick={() => setOpen(!isOpen)}
        >
          {isOpen ? 'Hide' : 'Show'}
        </button>
      }
    >
      {isOpen ? (
        <Everything />
      ) : (
        <p class="note">Feed, venue, permissions, readiness, and every setting with its source.</p>
      )}
    </Panel>
  );
}

function Everything() {
  const [inForce, setInForce] = useState<InForce | null>(null);
  const [failed, setFailed] = useState(false);
  const [onlySet, setOnlySet] = useState(true);
  useEffect(() => {
    let isCurrent = true;
    const look = (): void =>
      void fetchInForce().then((found) => {
        if (!isCurrent) return;
        setFailed(found === null);
        if (found !== null) setInForce(found);
      });
    look();
    const timer = setInterval(look, READ_AGAIN_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, []);
  if (inForce === null) return <p class="note">{failed ? 'The server does not answer.' : 'Loading…'}</p>;
  return (
    <>
      <Deployment inForce={inForce} />
      <Parts parts={inForce.parts} />
      <label class="settings-filter">
        <input type="checkbox" checked={onlySet} onChange={(event) => setOnlySet(event.currentTarget.checked)} />
        Only what is set
      </label>
      <p class="note">To change a setting, edit .env or the environment and start again.</p>
      <SettingTable inForce={inForce} onlySet={onlySet} />
    </>
  );
}

function Deployment({ inForce: { config } }: { readonly inForce: InForce }) {
  const { account, engine_id: engineId, mode, markets, policy } = config;
  const rows: readonly (readonly [string, string])[] = [
    ['Mode', mode],
    ['Venue', account.venue],
    ['Feed', stats.value?.engine.feed ?? 'unknown'],
    ['Markets', markets.join(', ')],
    ['Permissions', mode === 'paper' ? 'none needed (paper)' : policy.permissions],
    ['Engine', engineId],
  ];
  return (
    <dl class="settings-facts" data-testid="settings-deployment">
      {rows.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Parts({ parts }: { readonly parts: InForce['parts'] }) {
  return (
    <>
      <h3>Readiness</h3>
      {parts === null ? (
        <p class="note is-unknown">unknown</p>
      ) : (
        <ul class="plain-list" data-testid="settings-parts">
          {Object.entries(parts.parts).map(([name, { ok, detail }]) => (
            <li key={name}>
              <Badge tone={ok ? 'good' : 'bad'}>{ok ? 'ready' : 'not ready'}</Badge> <strong>{name}</strong>: {detail}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function SettingTable({ inForce, onlySet }: { readonly inForce: InForce; readonly onlySet: boolean }) {
  return (
    <>
      {settingGroups(inForce.settings, onlySet).map(([group, items]) => (
        <ScrollRegion label={`${group} settings`} key={group}>
          <table class="table settings-table" data-testid={`settings-${group}`}>
            <caption>{group}</caption>
            <thead>
              <tr>
                <th scope="col">Setting</th>
                <th scope="col" class="is-text">
                  Value
                </th>
                <th scope="col" class="is-text">
                  From
                </th>
                <th scope="col" class="is-text">
                  Default
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map(({ name, value, source, fallback, help }) => (
                <tr key={name}>
                  <th scope="row" title={help}>
                    <code>{name}</code>
                  </th>
                  <td class="is-text">{value ?? ''}</td>
                  <td class="is-text">{source}</td>
                  <td class="is-text">{fallback ?? ''}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
      ))}
    </>
  );
}
