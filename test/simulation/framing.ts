import { lines, netstrings, text } from "../../src/core/codecs/mod.ts";
import type { Codec } from "../../src/core/mod.ts";
import * as framings from "../support/framings.ts";

/** The longest frame that the server takes. */
export const MAX_FRAME_BYTES = 256;

/** Which framing a connection speaks: it begins with lines, and may go on with netstrings. */
export type Framing = "lines" | "netstrings";

/** As the server has them. */
export const SERVER: Readonly<Record<Framing, Codec<string>>> = {
  lines: touchy(lines({ maxFrameBytes: MAX_FRAME_BYTES, fatal: true })),
  netstrings: text(netstrings({ maxFrameBytes: MAX_FRAME_BYTES })),
};

/** As the peer has them. */
export const PEER: Readonly<Record<Framing, framings.Framing>> = {
  lines: framings.LINES,
  netstrings: framings.NETSTRINGS,
};

/** A frame that breaks a rule. */
export function garbage(framing: Framing, kind: "large" | "invalid"): Uint8Array {
  if (kind === "large") return new TextEncoder().encode(PEER[framing].frame("z".repeat(2 * MAX_FRAME_BYTES)));
  return framing === "lines" ? Uint8Array.of(0xff, 0x0a) : Uint8Array.of(0x3a, 0x78);
}

/** A codec with a fault: there is something that it cannot bear. */
function touchy(codec: Codec<string>): Codec<string> {
  return {
    encoder: () => codec.encoder(),
    decoder: () => {
      const decoder = codec.decoder();
      const { next } = decoder;
      decoder.next = () => {
        const frame = next.call(decoder);
        if (frame?.includes(" poison ")) throw new TypeError("this codec has a fault");
        return frame;
      };
      return decoder;
    },
  };
}
