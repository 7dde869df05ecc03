/** What a command would come to: before and after, its costs, and the checks that would stop it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CommandPreview } from '../../../src/protocol/preview.ts';
import { fetchPreview, type PreviewQuestion } from '../socket/preview.ts';
import { costRows, forecastRows } from '../state/forecast.ts';
import { LatestQuestion } from '../state/latest-question.ts';
import { stats } from '../state/store.ts';
import { Gates } from './gates.tsx';

/** `none`: nothing to ask about. `asking`: the figures shown are of the question before, or there are none yet. */
export interface Forecast {
  readonly kind: 'none' | 'asking' | 'known' | 'unknown';
  readonly preview: CommandPreview | null;
}

const NONE: Forecast = { kind: 'none', preview: null };
const TYPING_MS = 250;

const textOf = ({ action, data }: PreviewQuestion): string => JSON.stringify([action, data]);

/** Follows what is typed, and asks again when the account is read anew. @param question null: the input is not complete */
export function useForecast(question: PreviewQuestion | null): Forecast {
  const [found, setFound] = useState<{ readonly of: string; readonly preview: CommandPreview | null } | null>(null);
  const asker = useRef<LatestQuestion<PreviewQuestion, CommandPreview | null> | null>(null);
  asker.current ??= new LatestQuestion({
    ask: fetchPreview,
    onAnswer: (of, preview) => setFound({ of: textOf(of), preview }),
    isSame: (one, other) => textOf(one) === textOf(other),
    waitMs: TYPING_MS,
  });
  const asked = question === null ? null : textOf(question);
  const readAt = stats.value?.as_of ?? null;
  // By its text, because the object is a new one each time; and again when the account was read anew.
  useEffect(() => asker.current?.set(question), [asked, readAt]);
  useEffect(() => () => asker.current?.end(), []);
  if (asked === null) return NONE;
  if (found === null || found.of !== asked) return { kind: 'asking', preview: found?.preview ?? null };
  return { kind: found.preview === null ? 'unknown' : 'known', preview: found.preview };
}

export function BeforeAfter({ forecast, testid }: { readonly forecast: Forecast; readonly testid: string }) {
  const { kind, preview } = forecast;
  if (kind === 'none') return null;
  if (preview === null) {
    return (
      <p class="note forecast-words" data-testid={testid} data-kind={kind} role="status">
        {kind === 'unknown'
          ? 'Figures unknown: the server could not tell. You can send the command all the same.'
          : 'Reading what this would come to…'}
      </p>
    );
  }
  return (
    <div class={`forecast ${kind === 'known' ? '' : 'forecast-old'}`} data-testid={testid} data-kind={kind}>
      <table class="forecast-table">
        <caption class="sr-only">What this command would change</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">Before</th>
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {forecastRows(preview).map(({ label, before, after, changed }) => (
            <tr key={label} class={changed ? 'forecast-changed' : ''}>
              <th scope="row">{label}</th>
              <td>{before}</td>
              <td>{after}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <dl class="forecast-costs">
        {costRows(preview).map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {preview.message === null ? null : <p class="note">{preview.message}</p>}
      <Gates gates={preview.gates} testid={`${testid}-gates`} onlyBlocking />
    </div>
  );
}
