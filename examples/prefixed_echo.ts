// Echo with a prefix, byte for byte: no encoding is assumed.
import { lines, type Service } from "spillway";

const prefix = new TextEncoder().encode("echo: ");

export default {
  codec: lines({ encoding: "bytes" }),
  handler: (line) => {
    const reply = new Uint8Array(prefix.length + line.length);
    reply.set(prefix);
    reply.set(line, prefix.length);
    return reply;
  },
} satisfies Service<Uint8Array<ArrayBuffer>, Uint8Array>;
