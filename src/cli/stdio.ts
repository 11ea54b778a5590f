import type { Readable, Writable } from "node:stream";
import type { WriteText } from "../core/mod.ts";

/** A standard stream, which may be a terminal. */
type Standard<Stream> = Stream & { readonly isTTY?: boolean; readonly columns?: number };

/** The output of the command line. A write is never reported back: a reader that went away is no error. */
export interface Stdio {
  out(text: string): void;
  /** Writes to stderr; never blocks. */
  readonly err: WriteText;
  /** Writes to stdout; never blocks. Reading the property opens it once more. */
  readonly lines: WriteText;
  /** Stdin, for commands that read it. It is opened on first use. */
  readonly stdin: Standard<Readable>;
  /** Stdout, for commands that must not write faster than it is read. */
  readonly stdout: Standard<Writable>;
  /** Whether stdout and stderr both go to a terminal, where their lines mix. */
  readonly terminal: boolean;
  /** Whether stderr goes to a terminal. */
  readonly errTerminal: boolean;
  /** Whether stderr is a terminal that shows colours. */
  readonly colors: boolean;
  /** The width of the help, in characters. */
  readonly columns: number;
}
