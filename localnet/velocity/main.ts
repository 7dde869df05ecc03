/** `npm run localnet -- --velocity`: from words of the command line to a running Velocity. */
import type { LocalnetOptions } from '../localnet.ts';
import { checkWalletFile, pricePathOf, saveWallet } from '../perps/arguments.ts';
import { toBase58 } from '../wire/base58.ts';
import { startVelocityLocalnet, type VelocityLocalnet } from './index.ts';

/** As cli-options.mjs reads them. */
export interface VelocityArguments {
  /** USD, `walk:<seed>`, or a file of prices. */
  readonly price?: string;
  readonly walletFile?: string;
}

export async function startVelocityFromArguments(
  options: LocalnetOptions,
  { price, walletFile }: VelocityArguments,
  say: (line: string) => void,
): Promise<VelocityLocalnet> {
  if (walletFile !== undefined) checkWalletFile(walletFile);
  const velocity = await startVelocityLocalnet({
    ...options,
    ...(price === undefined ? {} : { solPrice: pricePathOf(price) }),
  });
  if (walletFile !== undefined) saveWallet(walletFile, velocity.wallet);
  const key = walletFile === undefined ? toBase58(velocity.wallet.secretKey) : `in ${walletFile}`;
  say(
    [
      `Velocity, program ${velocity.programId}, accounts of mainnet's slot 438,024,296, SOL at $${velocity.oracles.SOL.price}`,
      `  wallet   ${velocity.wallet.address}, funded; no Velocity account yet`,
      `  its key  ${key}   (of this chain only: it comes from the seed)`,
    ].join('\n'),
  );
  return velocity;
}
