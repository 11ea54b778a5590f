import type { Mutated } from "./mutation.ts";

/** What frames are made of. */
export const DECODING: readonly Mutated[] = [
  {
    file: "src/core/codecs/lines.ts",
    tests: ["test/core/codecs/lines", "test/core/codecs/rest"],
    mutations: [
      {
        name: "loses the beginning of a line that goes on in the next chunk",
        find: "this.#begun.push(bytes);",
        replacement: "",
      },
      {
        name: "refuses a line of exactly the limit",
        find: "if (end - start > this.#max) throw this.#tooLarge();\n    return text",
        replacement: "if (end - start >= this.#max) throw this.#tooLarge();\n    return text",
      },
      {
        name: "leaves the beginning of a line behind at an upgrade",
        find: "return concat([this.#takeBegun(), this",
        replacement: "return concat([this",
      },
    ],
  },
  {
    file: "src/core/codecs/prefixed_decoder.ts",
    tests: ["test/core/codecs/length_prefixed", "test/core/codecs/netstrings"],
    mutations: [
      {
        name: "refuses a payload of exactly the limit",
        find: "if (bodyBytes - this.#trailerBytes > this.#prefixed.max)",
        replacement: "if (bodyBytes - this.#trailerBytes >= this.#prefixed.max)",
      },
      {
        name: "takes the payload of a refused frame for the next",
        find: "this.#refused = this.#bodyBytes;",
        replacement: "",
      },
    ],
  },
];
