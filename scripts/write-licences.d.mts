export function licencesText(lockfile: string): string;
