/** What Temporal can search our workflows by. */

const KEYWORD = 2;
const BOOL = 5;

/** temporal.api.enums.v1.IndexedValueType by the name that the dev server's flag wants. */
export const SEARCH_ATTRIBUTES = {
  DriftlessEngineId: { flag: 'Keyword', type: KEYWORD },
  DriftlessStage: { flag: 'Keyword', type: KEYWORD },
  DriftlessNeedsPerson: { flag: 'Bool', type: BOOL },
} as const;
