/** The paper venue's tables (migrations/0002-paper.ts), which share the journal's database and transactions. */
// biome-ignore lint/complexity/noBannedTypes: no table of the paper venue yet
export type PaperTables = {};
