/** `npm run localnet -- --velocity`: from words of the command line to a running Velocity. */
import type { LocalnetOptions } from '../localnet.ts';
import { checkWalletFile, pricePathOf, saveWallet } from '../perps/arguments.ts';
import { toBase58 } from '../wire/base58.ts';
import { cloneVelocity, readDumps } from './clone.ts';
import { filesFound, startVelocityLocalnet, type VelocityLocalnet } from './index.ts';

/** As cli-options.mjs reads them. */
export interface VelocityArguments {
  readonly clone?: string;
  /** A folder of accounts that were cloned. */
  readonly accountsFolder?: string;
  /** USD, `walk:<seed>`, or a file of prices. */
  readonly price?: string;
  readonly walletFile?: string;
}

export async function startVelocityFromArguments(
  options: LocalnetOptions,
  { clone, accountsFolder, price, walletFile }: VelocityArguments,
  say: (line: string) => void,
): Promise<VelocityLocalnet> {
  if (walletFile !== undefined) checkWalletFile(walletFile);
  const cloned = clone === undefined ? null : await cloneVelocity(clone, process.env);
  if (cloned !== null && cloned.programNote !== null) say(cloned.programNote);
  const folder = accountsFolder ?? cloned?.folder ?? null;
  const velocity = await startVelocityLocalnet({
    ...options,
    ...(folder === null ? {} : { files: { ...filesFound(), dumps: readDumps(folder) } }),
    ...(price === undefined ? {} : { solPrice: pricePathOf(price) }),
  });
  if (walletFile !== undefined) saveWallet(walletFile, velocity.wallet);
  const key = walletFile === undefined ? toBase58(velocity.wallet.secretKey) : `in ${walletFile}`;
  say(
    [
      `Velocity, program ${velocity.programId}, accounts ${folder === null ? "of mainnet's slot 438,024,296" : `from ${folder}`}, SOL at $${velocity.oracles.SOL.price}`,
      `  wallet   ${velocity.wallet.address}, funded; no Velocity account yet`,
      `  its key  ${key}   (of this chain only: it comes from the seed)`,
    ].join('\n'),
  );
  return velocity;
}
