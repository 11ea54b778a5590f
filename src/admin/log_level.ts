/** The levels of a log, from the most to the least talkative. */
export type LogLevel = "trace" | "debug" | "info" | "warning" | "error" | "fatal";

/** The levels, the lowest first. */
export const LOG_LEVELS: readonly LogLevel[] = ["trace", "debug", "info", "warning", "error", "fatal"];
