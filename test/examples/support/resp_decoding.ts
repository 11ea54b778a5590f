import type { RespLimits } from "../../../examples/resp/limits.ts";
import { resp } from "../../../examples/resp/resp.ts";
import { type Bytes, SpillwayError } from "../../../src/mod.ts";

const STAR = 0x2a;

/** Returns the commands that the decoder makes of these chunks (a character a byte), and errors as `!code`. Keeps to the contract. */
export function decodeCommands(chunks: readonly Bytes[], limits: Partial<RespLimits> = {}): (string[] | string)[] {
  const decoder = resp(limits).decoder();
  const given: (string[] | string)[] = [];
  const bytes = chunks.reduce((total, { length }) => total + length, 0);
  const takeAll = () => {
    // No command has no bytes; one more for an end that comes too early.
    while (given.length <= bytes + 1) {
      try {
        const command = decoder.next();
        if (command === undefined) return;
        given.push(command.map(textOf));
      } catch (error) {
        if (!(error instanceof SpillwayError)) throw error;
        given.push(`!${error.code}`);
      }
    }
  };
  for (const part of chunks) {
    const chunk = part.slice();
    decoder.push(chunk);
    takeAll();
    // The chunk is read into again, as leavesChunks allows: nothing may change for that.
    chunk.fill(STAR);
  }
  decoder.end();
  takeAll();
  if (decoder.midFrame && !decoder.lost) given.push("still in the middle of a command");
  return given;
}

export function bytesOf(text: string): Bytes {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

export function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}
