/** Loads nothing, so that settings may ask. */
export const DRIFT_V2_PROGRAM = 'dRiftyHA39MWEi3m9aunc5MzRF1JYuBsbn6VPcn33UH';
