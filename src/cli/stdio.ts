import type { WriteText } from "./log_output.ts";

/** Where the command line writes. What is written is gone: a reader that went away is no error. */
export interface Stdio {
  out(text: string): void;
  /** Never blocks. */
  readonly err: WriteText;
  /** Whether stdout and stderr are read at a terminal, one among the lines of the other. */
  readonly terminal: boolean;
  /** Whether stderr is a terminal that shows colours. */
  readonly colors: boolean;
  /** How wide help may be. */
  readonly columns: number;
}
