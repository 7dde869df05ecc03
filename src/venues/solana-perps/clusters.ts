/** The clusters of Solana that a live engine may be on. Loads nothing, so that settings may ask. */

export type ClusterName = 'mainnet-beta' | 'devnet' | 'localnet';

/** Cluster genesis: a node of another cluster answers all the same, about another chain. */
const GENESIS: Readonly<Record<ClusterName, string | null>> = {
  'mainnet-beta': '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d',
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
  localnet: null,
};

/** Null where every chain has its own (localnet). */
export const genesisOf = (env: ClusterName): string | null => GENESIS[env];
