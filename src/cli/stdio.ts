import type { Readable, Writable } from "node:stream";
import type { WriteText } from "../core/mod.ts";

/** A standard stream, which may be a terminal. */
type Standard<Stream> = Stream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  /** Of a terminal: whether keys come as they are pressed, instead of whole lines, and Ctrl-C is one of them. */
  setRawMode?(raw: boolean): unknown;
};

/** The standard streams of the command line. */
export interface Stdio {
  /**
   * Writes to stdout; fulfils when stdout has taken it. A reader that went away is no error.
   *
   * @throws {Failure} stdout cannot be written, such as to a full disk
   */
  out(text: string): Promise<void>;
  /** Writes to stderr; never blocks. */
  readonly err: WriteText;
  /** Writes to stdout; never blocks. Reading the property opens it once more. */
  readonly lines: WriteText;
  /** Stdin, for commands that read it. It is opened on first use. */
  readonly stdin: Standard<Readable>;
  /** Stdout, for commands that must not write faster than it is read. */
  readonly stdout: Standard<Writable>;
  /** Writes to stdout that is a terminal; never blocks. */
  readonly screen: WriteText;
  /** Whether stdout and stderr both go to a terminal, where their lines mix. */
  readonly terminal: boolean;
  /** Whether stderr goes to a terminal. */
  readonly errTerminal: boolean;
  /** Whether stderr is a terminal that shows colours. */
  readonly colors: boolean;
  /** The width of the help, in characters. */
  readonly columns: number;
}
