/** The last lines of a start: where the page is, and what trades on what. */
import type { Settings } from './config.ts';
import { LIVE_PROGRAMS } from './live-programs.ts';
import type { LocalChain } from './local-chain.ts';

export interface ReadyNote {
  readonly settings: Settings;
  readonly chain: LocalChain | null;
  readonly url: string;
  readonly token: string;
  readonly uiUrl: string;
}

/** For a program, as one line. */
export const readyJson = ({ settings, chain, url, token, uiUrl }: ReadyNote): string =>
  JSON.stringify({
    ready: {
      ...{ url, token, temporal_ui_url: uiUrl, mode: settings.mode, engine_id: settings.engineId, home: settings.home },
      ...(chain === null ? {} : { rpc_url: chain.rpcUrl, control_url: chain.controlUrl }),
    },
  });

/** For a person. */
export function readyText({ settings, chain, url, token, uiUrl }: ReadyNote): string {
  const speed = settings.policy.marketSpeed;
  const { mode, live } = settings;
  const venue = LIVE_PROGRAMS[live.venue].name;
  const madeUp = settings.feed.startsWith('synthetic') ? ', made-up prices' : '';
  const where = mode === 'live' ? `${venue} ${live.driftEnv}, ${live.permissions}` : settings.feed;
  const demo =
    chain === null
      ? []
      : [
          `  This is a local chain: the real ${venue} program, made-up prices, no real money. Each start makes a new one.`,
          `  Its RPC:     ${chain.rpcUrl}`,
          `  Its control: ${chain.controlUrl} (localnet/README.md)`,
        ];
  const pace = speed === 1 ? '' : `, market at ${speed === 'max' ? 'max speed' : `${speed}x speed`}`;
  return [
    '',
    `Driftless is ready (${mode === 'live' ? 'LIVE' : mode}, ${where}${madeUp}${pace}).`,
    ...demo,
    `  Page:        ${url}/?token=${token}`,
    `  Temporal UI: ${uiUrl}`,
    `  State:       ${settings.home}`,
    '  Press Ctrl-C to stop.',
    '',
  ].join('\n');
}
