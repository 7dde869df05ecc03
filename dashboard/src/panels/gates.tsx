/** Checks that did not pass: the figure now, the figure required, and what to do. */
import { Fragment } from 'preact';
import type { GateResult } from '../../../src/protocol/error.ts';
import { spaced } from '../state/command-words.ts';
import { gateFigure, gateLimit } from '../state/gate-figures.ts';
import { ScrollRegion } from './parts.tsx';

interface GatesProps {
  readonly gates: readonly GateResult[];
  readonly testid: string;
  /** Leaves out what failed without stopping anything. */
  readonly onlyBlocking?: boolean;
}

export function Gates({ gates, testid, onlyBlocking }: GatesProps) {
  const blocking = gates.filter((gate) => gate.blocks);
  const shown = blocking.length > 0 || onlyBlocking === true ? blocking : gates.filter((gate) => !gate.pass);
  if (shown.length === 0) return null;
  return (
    <ScrollRegion label="Checks">
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
                <td class={gate.have === null ? 'is-unknown' : ''}>{gateFigure(gate.have, gate.unit)}</td>
                <td>{gateLimit(gate.need, gate.unit)}</td>
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
    </ScrollRegion>
  );
}
