import type { Mutated } from "./mutation.ts";

/** The mutations of decoding. */
export const DECODING: readonly Mutated[] = [
  {
    file: "src/core/codecs/line_decoder.ts",
    tests: ["test/core/codecs/lines", "test/core/codecs/unread"],
    mutations: [
      {
        name: "loses the beginning of a line that goes on in the next chunk",
        find: "this.#begun.push(bytes, start === 0 && !this.leavesChunks);",
        replacement: "",
      },
      {
        name: "refuses a line of exactly the limit",
        find: "const long = end - start > this.#max ?",
        replacement: "const long = end - start >= this.#max ?",
      },
      {
        name: "truncates in the middle of a character",
        find: "this.#payload.whole?.(cut) ?? cut",
        replacement: "cut",
      },
      {
        name: "takes what follows a truncated beginning for the next line",
        find: "this.#dropping = true;\n      return",
        replacement: "return",
      },
      {
        name: "leaves the beginning of a line behind at an upgrade",
        find: "return concat([this.#takeBegun(), this",
        replacement: "return concat([this",
      },
    ],
  },
  {
    file: "src/core/codecs/text_queue.ts",
    tests: ["test/core/codecs/lines"],
    mutations: [
      {
        name: "takes a replacement character for what came",
        find: "return text.includes(REPLACEMENT) ? undefined : text;",
        replacement: "return text;",
      },
      {
        name: "takes a line that ends in the middle of a chunk for one that goes on",
        find: "text === undefined || text.includes(LF)",
        replacement: "text === undefined",
      },
      {
        name: "loses what is behind the last whole character of a chunk",
        find: "this.#bytes.push(viewOf(piece, length, piece.length));",
        replacement: "",
      },
      {
        name: "forgets the text in front of bytes that are not UTF-8",
        find: 'if (this.#text !== "") this.#bytes.push(encoder.encode(this.#text));',
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/codecs/word_search.ts",
    tests: ["test/core/codecs/word_search", "test/core/codecs/lines"],
    mutations: [
      {
        name: "does not look into the bytes behind the last word",
        find: "for (; at < end; at++) if (bytes[at] === byte) return at;",
        replacement: "if (at < lastWord) return bytes.indexOf(byte, at);",
      },
    ],
  },
  {
    file: "src/core/codecs/delimited.ts",
    tests: ["test/core/codecs/delimited"],
    mutations: [
      {
        name: "delivers what the end cuts off, unasked",
        find: "if (this.#deliver) return length",
        replacement: "return length",
      },
      {
        name: "takes what follows a truncated beginning for the next frame",
        find: "this.#dropping = unended;",
        replacement: "this.#dropping = unended && !this.#truncates;",
      },
    ],
  },
  {
    file: "src/core/codecs/octet_counted.ts",
    tests: ["test/core/codecs/octet_counted"],
    mutations: [
      {
        name: "forgets to drop what a counted message has too much",
        find: "this.#length = this.#surplus;",
        replacement: "this.#length = 0;",
      },
      {
        name: "searches a chunk where the one before it ended",
        find: "this.#search.reset();",
        replacement: "",
      },
    ],
  },
  {
    file: "src/core/codecs/json_depth.ts",
    tests: ["test/core/codecs/json"],
    mutations: [
      {
        name: "counts brackets in strings",
        find: "at = endOfString(text, at);",
        replacement: "",
      },
      {
        name: "ends a string at an escaped quote",
        find: "end >= 0 && isEscaped(text, end)",
        replacement: "false",
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
