/** Reads from the running product, and when nothing answers there from a copy of what it left. */
import { Client, NotReachable } from './client.ts';
import type { CliPorts } from './ports.ts';
import type { CliArguments } from './program.ts';

export interface Source {
  readonly client: Client;
  /** The product is down: this is what it left. */
  readonly isCopy: boolean;
}

/** @throws NotReachable when there is neither; AnsweredWithError */
export async function reading<Answer>(
  { url, engine }: Pick<CliArguments, 'url' | 'engine'>,
  ports: Pick<CliPorts, 'place' | 'left' | 'tell'>,
  work: (source: Source) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await work({ client: new Client({ ...(await ports.place(url)), engine }), isCopy: false });
  } catch (error) {
    // What stands at an address that was named, or does not let us in, is not this folder's product.
    if (!(error instanceof NotReachable) || !error.silent || url !== undefined) throw error;
    const left = await ports.left();
    if (left.kind === 'nothing') throw new NotReachable(`${error.message}\n${left.why}`);
    ports.tell(left.note);
    try {
      return await work({ client: new Client({ ...left.place, engine }), isCopy: true });
    } finally {
      await left.close();
    }
  }
}

/** A program is told what it reads, too. */
export const marked = (json: unknown, { isCopy }: Source): object => ({
  ...(json as object),
  ...(isCopy ? { read_from: 'copy' } : {}),
});
