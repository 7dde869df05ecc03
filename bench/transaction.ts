/** A transfer of real SOL on a local chain of 400 ms slots, by the product and by a bare script, in turn on one chain. */
import { PublicKey } from '@solana/web3.js';
import { type Localnet, startLocalnet } from '../localnet/index.ts';
import { type TransferAccount, transferKeypair } from '../tests/support/transfer-venue.ts';
import { BareScript } from './support/bare-transfer.ts';
import { startBareWorker } from './support/bare-worker.ts';
import { inTurn, median, timed } from './support/measure.ts';
import { type Finding, say } from './support/report.ts';
import { TransferBench } from './support/transfer-bench.ts';

const WARM_UP_ROUNDS = 3;
const ROUNDS = 25;
/** Few, because finality takes 13 s each time. */
const CALL_ROUNDS = 5;
const AT_ONCE = 100;
/** Below the amount for which a live engine needs confirmation. */
const LAMPORTS = 10_000_000;
const AMOUNT = String(LAMPORTS);

export const benchTransaction = (): Promise<readonly Finding[]> =>
  onChain(async (_, bench, script) => [...(await toConfirmed(bench, script)), ...(await callsOf(bench, script))]);

export const benchTransfers = (): Promise<readonly Finding[]> => onChain(manyAtOnce);

type Measured = (net: Localnet, bench: TransferBench, script: BareScript) => Promise<readonly Finding[]>;

async function onChain(measured: Measured): Promise<readonly Finding[]> {
  const net = await startLocalnet({ slotMs: 400, skipShare: 0, seed: 'bench' });
  try {
    const bench = await TransferBench.open(net);
    const script = new BareScript(net);
    try {
      return await measured(net, bench, script);
    } finally {
      script.close();
      await bench.close();
    }
  } finally {
    await net.stop();
  }
}

const bareTransfer = (
  script: BareScript,
  { walletKey, vault }: TransferAccount,
  commitment: 'confirmed' | 'finalized' = 'confirmed',
): Promise<string> => script.transfer(transferKeypair(walletKey), new PublicKey(vault), LAMPORTS, commitment);

async function toConfirmed(bench: TransferBench, script: BareScript): Promise<readonly Finding[]> {
  const [ours, theirs] = [await bench.account(), await bench.account()];
  await bench.startEngine(ours);
  const medians = await inTurn(ROUNDS, WARM_UP_ROUNDS, {
    command: timed(() => bench.command(ours, { kind: 'deposit', asset: 'SOL', amount: AMOUNT })),
    'bare script': timed(() => bareTransfer(script, theirs)),
  });
  return [
    {
      what: 'command to confirmed, 400 ms slots',
      figure: medians.command,
      unit: 'ms',
      yardstick: { what: 'simulate, sign, send, confirm', figure: medians['bare script'] },
      goal: { of: 'ratio', atMost: 1.5 },
    },
  ];
}

/** For an operation without an engine, whose watch would poll at the same time. */
async function callsOf(bench: TransferBench, script: BareScript): Promise<readonly Finding[]> {
  const account = await bench.account();
  const other = await bench.account();
  const venue = bench.venue(account.engineId);
  const ours = { confirmed: [] as number[], finalized: [] as number[] };
  const bare = { confirmed: [] as number[], finalized: [] as number[] };
  for (let round = 0; round < CALL_ROUNDS; round += 1) {
    const before = venue.calls;
    const { final } = await bench.deposit(account, AMOUNT);
    ours.confirmed.push(venue.calls - before);
    await final();
    ours.finalized.push(venue.calls - before);
    for (const commitment of ['confirmed', 'finalized'] as const) {
      const bareBefore = script.calls;
      await bareTransfer(script, other, commitment);
      bare[commitment].push(script.calls - bareBefore);
    }
  }
  return (['confirmed', 'finalized'] as const).map((commitment) => {
    say(`  calls to ${commitment}: ${ours[commitment].join(' ')}; of the bare script: ${bare[commitment].join(' ')}`);
    const yardstick = { what: `of the bare script, to ${commitment}`, figure: median(bare[commitment]) };
    return {
      what: `RPC calls to ${commitment}`,
      figure: median(ours[commitment]),
      unit: 'calls',
      yardstick,
      goal: { of: 'figure', atMost: yardstick.figure + 2 } as const,
    };
  });
}

async function manyAtOnce(net: Localnet, bench: TransferBench, script: BareScript): Promise<readonly Finding[]> {
  const accounts = await Promise.all(Array.from({ length: AT_ONCE }, () => bench.account()));
  const others = await Promise.all(Array.from({ length: AT_ONCE }, () => bench.account()));
  const inVault = ({ vault }: TransferAccount) => net.chain.bank.accountAt(net.chain.head, vault)?.lamports ?? 0n;
  const before = accounts.map(inVault);
  const bare = await timed(() => Promise.all(others.map((account) => bareTransfer(script, account))))();
  let final: (() => Promise<unknown>)[] = [];
  const ours = await timed(async () => {
    final = (await Promise.all(accounts.map((account) => bench.deposit(account, AMOUNT)))).map((one) => one.final);
  })();
  await Promise.all(final.map((wait) => wait()));
  const workflows = await bareWorkflowsAtOnce(bench);
  const once = accounts.filter((account, index) => inVault(account) - (before[index] ?? 0n) === BigInt(LAMPORTS));
  say(
    `  ${once.length} of ${AT_ONCE} landed exactly once; all confirmed after ${ours.toFixed(0)} ms, bare ${bare.toFixed(0)} ms, as many bare workflows ${workflows.toFixed(0)} ms`,
  );
  if (once.length !== AT_ONCE)
    throw new Error(`${AT_ONCE - once.length} of ${AT_ONCE} transfers did not land exactly once`);
  const figure = {
    what: `${AT_ONCE} transfers of ${AT_ONCE} accounts at once, all confirmed`,
    figure: ours,
    unit: 'ms',
  };
  return [
    { ...figure, yardstick: { what: `${AT_ONCE} bare scripts at once`, figure: bare }, goal: null },
    {
      ...figure,
      yardstick: { what: `${AT_ONCE} workflows of four no-op activities`, figure: workflows },
      goal: { of: 'ratio', atMost: 1.3 },
    },
  ];
}

/** The cost of durable steps on a server, which is nearly all of a hundred transfers. */
async function bareWorkflowsAtOnce(bench: TransferBench): Promise<number> {
  const worker = await startBareWorker(bench.address);
  try {
    await worker.fourActivities();
    return await timed(() => Promise.all(Array.from({ length: AT_ONCE }, () => worker.fourActivities())))();
  } finally {
    await worker.close();
  }
}
