export function whyUnfitNode(version: string): string | null;
export const NODE_REMEDY: string;
