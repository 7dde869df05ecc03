/** The time from a change of state (a row of the journal) until the last of 1,000 sockets has it, compared with a bare ws broadcast. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';
import type { EngineRecord } from '../src/journal/records.ts';
import { ENGINE_ID, TOKEN, testBridge } from '../tests/support/bridge.ts';
import { openTestJournal } from '../tests/support/journal.ts';
import { inTurn } from './support/measure.ts';
import type { Finding } from './support/report.ts';
import type { CrowdReport, CrowdRequest } from './support/socket-crowd.ts';

const SOCKETS = 1_000;
const WARM_UP_ROUNDS = 5;
const ROUNDS = 40;

/** 1,000 clients in a separate process. */
class Crowd {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async open(url: string, token: string): Promise<Crowd> {
    const child = fork(fileURLToPath(new URL('./support/socket-crowd.ts', import.meta.url)), [], {
      execArgv: ['--import', 'tsx'],
    });
    const crowd = new Crowd(child);
    crowd.#ask({ kind: 'connect', url, token, count: SOCKETS });
    await crowd.#report();
    return crowd;
  }

  /** Milliseconds from `change` to the moment when the last socket has a message with this text. */
  async lastHas(text: string, change: () => unknown): Promise<number> {
    this.#ask({ kind: 'expect', text });
    await this.#report();
    const arrived = this.#report();
    const startedAt = performance.timeOrigin + performance.now();
    await change();
    return (await arrived).at - startedAt;
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }

  #ask(request: CrowdRequest): void {
    this.#child.send(request);
  }

  async #report(): Promise<CrowdReport> {
    const [report] = (await once(this.#child, 'message')) as [CrowdReport];
    return report;
  }
}

function engineRecord(round: number): EngineRecord {
  return {
    engineId: ENGINE_ID,
    mode: 'paper',
    feed: 'synthetic:7',
    state: 'running',
    tradingState: round % 2 === 0 ? 'active' : 'reducing',
    reason: `round-${round}.`,
    hedgeTarget: 0.5,
    cooldownUntilMs: null,
    cooldownEndsAtMs: null,
    operation: null,
    unresolved: [],
    holds: [],
    epoch: 'bench',
    sequence: round,
    updatedAtMs: Date.now(),
  };
}

export async function benchBroadcast(): Promise<readonly Finding[]> {
  const journal = await openTestJournal();
  await journal.publishEngine(engineRecord(0));
  const bridge = await testBridge({ journal });
  const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  await once(bare, 'listening');
  const bareUrl = `ws://127.0.0.1:${(bare.address() as AddressInfo).port}`;
  const atBridge = await Crowd.open(`${bridge.url.replace('http', 'ws')}/ws`, TOKEN);
  const atBare = await Crowd.open(bareUrl, TOKEN);
  try {
    let round = 0;
    const medians = await inTurn(ROUNDS, WARM_UP_ROUNDS, {
      'row to the last socket': async () => {
        round += 1;
        return await atBridge.lastHas(`round-${round}.`, () => journal.publishEngine(engineRecord(round)));
      },
      'bare ws broadcast': async () => {
        const { engineId, mode, state, tradingState, reason } = engineRecord(round);
        const data = { engine_id: engineId, mode, state, trading_state: tradingState, reason };
        const bytes = Buffer.from(JSON.stringify({ type: 'ENGINE_STATUS', data }));
        return await atBare.lastHas(`round-${round}.`, () => {
          for (const socket of bare.clients) socket.send(bytes, { binary: false });
        });
      },
    });
    return [
      {
        what: `journal row to the last of ${SOCKETS} sockets`,
        figure: medians['row to the last socket'],
        unit: 'ms',
        yardstick: { what: 'bare ws broadcast of the same bytes', figure: medians['bare ws broadcast'] },
        goal: null,
      },
    ];
  } finally {
    await Promise.all([atBridge.close(), atBare.close()]);
    for (const socket of bare.clients) socket.terminate();
    bare.close();
    await bridge.close();
    await journal.close();
  }
}
