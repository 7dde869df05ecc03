/** Checks that did not pass: the figure now, the figure required, and what to do. */
import { Fragment } from 'preact';
import type { GateView } from '../socket/messages.ts';
import { spaced } from '../state/command-words.ts';

export function Gates({ gates, testid }: { readonly gates: readonly GateView[]; readonly testid: string }) {
  const blocking = gates.filter((gate) => gate.blocks ?? gate.pass === false);
  const shown = blocking.length > 0 ? blocking : gates.filter((gate) => gate.pass !== true);
  if (shown.length === 0) return null;
  return (
    <div class="table-scroll">
      <table class="gates" data-testid={testid}>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Now</th>
            <th scope="col">Required</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((gate) => (
            <Fragment key={gate.code}>
              <tr>
                <th scope="row">{spaced(gate.code)}</th>
                <td class={gate.have === null ? 'is-unknown' : ''}>{gate.have ?? 'unknown'}</td>
                <td>{gate.need ?? ''}</td>
              </tr>
              {gate.remedy === null ? null : (
                <tr class="gate-remedy">
                  <td colSpan={3}>{gate.remedy}</td>
                </tr>
              )}
            </Fragment>
          ))}
        </tbody>
      </table>
    </div>
  );
}
