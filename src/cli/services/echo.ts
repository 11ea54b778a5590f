import { lines, type Service } from "../../mod.ts";

/** Settings of {@link echo}. */
export interface EchoOptions {
  /** Goes before each line. Default: nothing. */
  readonly prefix?: string;
  /** The longest line, in bytes. */
  readonly maxFrameBytes?: number;
}

/** Sends each line back. */
export function echo({ prefix = "", ...limits }: EchoOptions = {}): Service<string> {
  return { codec: lines(limits), handler: (line) => prefix + line };
}
