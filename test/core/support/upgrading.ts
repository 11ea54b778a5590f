import { lengthPrefixed, text } from "../../../src/core/codecs/mod.ts";
import type { Handler, Protocol } from "../../../src/core/mod.ts";
import { raw } from "../codecs/support/byte_strings.ts";
import type { Served } from "./served.ts";

/** The protocol that connections go on with. */
export const binary: Protocol<string> = {
  codec: text(lengthPrefixed({ width: 1 })),
  handler: (frame) => `<${frame}>`,
};

/** Lines in capitals; `binary` goes on in binary. */
export const handshake: Handler<string, string> = (line, context) => {
  if (line !== "binary") return line.toUpperCase();
  context.upgrade(binary);
  return "ok";
};

/** Sends chunks, and then FIN, and returns all that comes back. */
export async function exchanged(harness: Served, ...chunks: readonly (string | Uint8Array)[]): Promise<string> {
  const peer = await harness.connect();
  for (const chunk of chunks) await peer.send(typeof chunk === "string" ? raw(chunk) : chunk);
  await peer.finish();
  return peer.received;
}
