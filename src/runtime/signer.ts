/** `driftless signer` in this process: reads its policy, refuses files that others may reach, listens, and ends when asked. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadSigner } from '../chain/local-signer.ts';
import type { Signer } from '../chain/signer.ts';
import { CriticalError, DriftlessError } from '../lib/errors.ts';
import { visible } from '../lib/visible.ts';
import { readLedger, writeLedger } from '../signer/ledger-file.ts';
import { readPolicy, type SignerPolicy } from '../signer/policy.ts';
import { refuseLaxFiles } from '../signer/private-files.ts';
import { serveSigner } from '../signer/signer-server.ts';
import { SignerService } from '../signer/signer-service.ts';
import { forgetSecretsInEnvironment, leaveNoMemoryInCores } from './key-exposure.ts';

const HELP = `driftless signer --policy <file> [--check]

Holds the wallet's key under a user of its own and signs, over a Unix socket, only what its policy lists. Start Driftless with
SIGNER_SOCKET set to the policy's socket and AUTHORITY to its wallet, and without a key.

  --policy <file>    what may be signed (JSON); docs/architecture/signer.md describes it and has an example
  --check            says whether policy, key, folders and counters can be used, and ends
  --help             this text

Exit codes: 0 ended when asked, or nothing wrong; 1 a policy, key, file or socket that cannot be used; 2 usage.
`;

const EXIT = { done: 0, failed: 1, usage: 2 } as const;
const say = (text: string): void => void process.stdout.write(visible(`${text}\n`));
const tell = (text: string): void => void process.stderr.write(visible(`${text}\n`));

/** The exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const asked = read(words);
  if (asked === 'help') {
    process.stdout.write(HELP);
    return EXIT.done;
  }
  if (typeof asked === 'string') {
    tell(`${asked}\nSee: driftless signer --help`);
    return EXIT.usage;
  }
  try {
    await run(asked);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof DriftlessError)) throw error;
    tell(error.message);
    return EXIT.failed;
  }
}

interface SignerWords {
  readonly policyPath: string;
  readonly check: boolean;
}

function read(words: readonly string[]): SignerWords | string {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: { policy: { type: 'string' }, check: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    if (values.help === true) return 'help';
    if (values.policy === undefined) return 'Which policy? Give its file: --policy <file>.';
    return { policyPath: resolve(values.policy), check: values.check === true };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function run({ policyPath, check }: SignerWords): Promise<void> {
  forgetSecretsInEnvironment();
  if (!leaveNoMemoryInCores()) tell('This system writes memory into core dumps: start the signer under ulimit -c 0.');
  const policy = readPolicy(textOf(policyPath), policyPath);
  const { keypairPath, statePath, socketPath } = policy;
  refuseLaxFiles({ policyPath, keypairPath, statePath, socketPath });
  const signer = keyOf(policy);
  const ledger = readLedger(statePath);
  if (check) return say(`The policy can be used: it signs for ${policy.wallet} at ${socketPath}.`);
  const service = new SignerService({
    ...{ policy, signer, ledger },
    clock: { nowMs: () => Date.now() },
    keep: (next) => writeLedger(statePath, next),
    note: (fields, message) => say(JSON.stringify({ time: new Date().toISOString(), ...fields, message })),
  });
  const server = await serveSigner(socketPath, service);
  say(
    JSON.stringify({ time: new Date().toISOString(), wallet: policy.wallet, socket: socketPath, message: 'listening' }),
  );
  await new Promise<void>((end) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end());
  });
  await server.close();
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CriticalError('SIGNER_POLICY', `The policy ${path} cannot be read (${code}).`);
  }
}

function keyOf({ keypairPath, wallet }: SignerPolicy): Signer {
  const loaded = loadSigner({ privateKey: null, keypairPath });
  const address = loaded?.signer.publicKey.toBase58();
  if (loaded != null && address === wallet) return loaded.signer;
  throw new CriticalError(
    'SIGNER_POLICY',
    `The key in ${keypairPath} is of ${address}, and the policy is for ${wallet}. Correct keypair or wallet.`,
  );
}
