import { existsSync, readFileSync } from 'node:fs';
import { ValidationError } from '../src/lib/errors.ts';
import { parseAccountFile } from './account-input.ts';
import type { DriftArguments } from './drift/main.ts';
import type { FaultInput } from './faults/rule.ts';
import { type Localnet, type LocalnetOptions, startLocalnet } from './localnet.ts';
import type { VelocityArguments } from './velocity/main.ts';

/** Turns the command line into options; some of them come from files. */
interface MainOptions extends Omit<LocalnetOptions, 'programs'>, DriftArguments {
  /** The real Drift program on it. */
  readonly drift?: boolean;
  /** The real Velocity program on it. */
  readonly velocity?: boolean;
  /** The addresses are for a program. */
  readonly json?: boolean;
  readonly faultsFile?: string;
  readonly accountFiles?: readonly string[];
  /** `<address>=<path>` each. */
  readonly programs?: readonly string[];
}

/** Runs until Ctrl-C or SIGTERM. @returns the exit code */
export async function main(
  options: MainOptions,
  say: (line: string) => void,
  sayJson: (line: string) => void = say,
): Promise<number> {
  const {
    faultsFile,
    accountFiles = [],
    programs = [],
    drift = false,
    velocity = false,
    json = false,
    ...more
  } = options;
  const { program, clone, accountsFolder, price, walletFile, fundingHourly, ...rest } = more;
  const settings: LocalnetOptions = {
    ...rest,
    faults: faultsFile === undefined ? [] : readFaults(faultsFile),
    accounts: accountFiles.map((path) => fromFile('--account', path, parseAccountFile)),
    programs: programs.map(readProgram),
  };
  const start = drift ? startDrift : velocity ? startVelocity : startLocalnet;
  const net = await start(settings, options, say);
  if (json) sayJson(JSON.stringify(addresses(net)));
  else say(welcome(net));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await net.stop();
  return 0;
}

/** Loaded only for this: Drift's SDK takes a second. */
async function startDrift(settings: LocalnetOptions, options: DriftArguments, say: (line: string) => void) {
  const { startFromArguments } = await import('./drift/main.ts');
  return startFromArguments(settings, options, say);
}

async function startVelocity(settings: LocalnetOptions, options: VelocityArguments, say: (line: string) => void) {
  const { startVelocityFromArguments } = await import('./velocity/main.ts');
  return startVelocityFromArguments(settings, options, say);
}

function readFaults(path: string): readonly FaultInput[] {
  const rules = fromFile('--faults', path, (text): unknown => JSON.parse(text));
  if (!Array.isArray(rules)) throw new ValidationError('LOCALNET_OPTION', `${path} holds no list of rules.`);
  return rules as readonly FaultInput[];
}

/** @throws ValidationError LOCALNET_OPTION */
function fromFile<T>(option: string, path: string, parse: (text: string) => T): T {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ValidationError('LOCALNET_OPTION', `${option} ${path} cannot be read: ${String(error)}`);
  }
}

function readProgram(text: string): { address: string; elf: string } {
  const [address, ...path] = text.split('=');
  const elf = path.join('=');
  if (address === undefined || !existsSync(elf))
    throw new ValidationError(
      'LOCALNET_OPTION',
      `--bpf-program takes <address>=<file.so> of a file that is there, not ${text}.`,
    );
  return { address, elf };
}

const addresses = ({ chain, nodes, jitoUrl, controlUrl }: Localnet) => ({
  seed: chain.settings.seed,
  nodes: nodes.map(({ name, rpcUrl, wsUrl }) => ({ name, rpc_url: rpcUrl, ws_url: wsUrl })),
  ...{ jito_url: jitoUrl, control_url: controlUrl },
});

function welcome(net: Localnet): string {
  const nodes = net.nodes.map(({ name, rpcUrl, wsUrl }) => `  ${name.padEnd(8)} ${rpcUrl}   ${wsUrl}`);
  return [
    `Local chain, seed "${net.chain.settings.seed}", ${net.chain.settings.slotMs} ms a slot:`,
    ...nodes,
    `  jito     ${net.jitoUrl}`,
    `  control  ${net.controlUrl}`,
    'Ctrl-C ends it; nothing is kept.',
  ].join('\n');
}
