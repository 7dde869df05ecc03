/** Checks that did not pass: the figure now, the figure required, and what to do. */
import { Fragment } from 'preact';
import type { GateResult } from '../../../src/protocol/error.ts';
import { spaced } from '../state/command-words.ts';

const figure = (value: GateResult['have'], unit: string): string | null => (value === null ? null : `${value} ${unit}`);

export function Gates({ gates, testid }: { readonly gates: readonly GateResult[]; readonly testid: string }) {
  const blocking = gates.filter((gate) => gate.blocks);
  const shown = blocking.length > 0 ? blocking : gates.filter((gate) => !gate.pass);
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
                <td class={gate.have === null ? 'is-unknown' : ''}>{figure(gate.have, gate.unit) ?? 'unknown'}</td>
                <td>{figure(gate.need, gate.unit) ?? ''}</td>
              </tr>
              {gate.remedy === '' ? null : (
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
