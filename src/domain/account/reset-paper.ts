/** How a person begins a paper account anew, as every remedy says it. Without a name it is the process's own engine. */
export const RESET_PAPER = '--reset-paper (--reset-paper=NAME for one of several engines)';
