import type { WriteText } from "./log_output.ts";

/** The output of the command line. A write is never reported back: a reader that went away is no error. */
export interface Stdio {
  out(text: string): void;
  /** Writes to stderr; never blocks. */
  readonly err: WriteText;
  /** Whether stdout and stderr both go to a terminal, where their lines mix. */
  readonly terminal: boolean;
  /** Whether stderr is a terminal that shows colours. */
  readonly colors: boolean;
  /** The width of the help, in characters. */
  readonly columns: number;
}
