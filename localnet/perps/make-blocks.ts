import type { Chain } from '../chain/chain.ts';
import type { Sender } from './sender.ts';

export function makeBlock(chain: Chain): void {
  const { head } = chain;
  while (chain.head === head) chain.tick();
}

/** Makes a block with these transactions. @throws ValidationError LOCALNET_ACTOR when one of them fails */
export async function landInBlock(chain: Chain, sender: Sender, ...signatures: readonly string[]): Promise<void> {
  makeBlock(chain);
  await Promise.all(signatures.map((signature) => sender.done(signature)));
}

/** Makes blocks until the newest of now is final. */
export function finalizeHead(chain: Chain): void {
  const { slot } = chain.head;
  while (chain.root.slot < slot) chain.tick();
}
