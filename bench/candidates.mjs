// @ts-check
// What the candidates are, for whoever reads the results.

/** @type {Record<string, string>} */
export const CANDIDATES = {
  spillway: "Spillway: `lines()`, a synchronous handler, every deadline on",
  "spillway-async": "the same with an `async` handler",
  "spillway-broadcast": "Spillway: a handler that broadcasts to all connections, every deadline on",
  "one-at-once": "Spillway with handlers that wait 10 ms, one of a connection at once",
  "16-at-once": "the same with `concurrency: 16`",
  "spillway serve echo": "the CLI, with `node dist/main.js`, `deno run -A` or `bun run`",
  raw: "the runtime's own API: the bytes that come are written back unseen; the floor",
  "per-line": "the code that people write: decode, append to a string, split, one write per line",
  readline: "`node:readline` on a Node stream, on Deno and Bun too; one write per line",
  whatwg: "the plain WHATWG pipeline: `TextDecoderStream`, a `TransformStream` that splits, `TextEncoderStream`",
  "go-flush-each": "Go's `bufio` as `NewReader` and `NewWriter` make it, flushed after each line",
  "go-flush-empty": "the same, flushed when nothing more has been read",
  "write-loop": "the runtime's own API: what comes is written to all connections, one after the other",
};
