/**
 * The SDK takes a stack at each promise of a workflow and finds every frame of it in the source map, for a query that we do not
 * use. With ten frames, V8's default, that is an eighth of the processor time of a replay. Errors keep the frames that say
 * where they began.
 */
Error.stackTraceLimit = 4;
