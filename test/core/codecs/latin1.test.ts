import { describe, expect, it } from "vitest";
import { decodeLatin1 } from "../../../src/core/codecs/latin1.ts";

const codesOf = (text: string) => Array.from(text, (character) => character.charCodeAt(0));

describe("latin1", () => {
  it.each([1, 8, 100])("gives every byte as the code point of its number, in blocks of %i times 32", (times) => {
    for (let first = 0; first < 256; first += 32) {
      const bytes = new Uint8Array(32 * times).map((_, index) => first + (index % 32));
      expect(codesOf(decodeLatin1(bytes))).toEqual([...bytes]);
    }
  });
});
