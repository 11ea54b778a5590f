// Echoes lines with a prefix, byte for byte. No encoding is assumed.
import { defineService, lines } from "spillway";

const prefix = new TextEncoder().encode("echo: ");

export default defineService({
  codec: lines({ encoding: "bytes" }),
  handler: (line) => {
    const reply = new Uint8Array(prefix.length + line.length);
    reply.set(prefix);
    reply.set(line, prefix.length);
    return reply;
  },
});
