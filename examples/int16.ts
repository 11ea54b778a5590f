// Numbers: an int16 in, big-endian, is answered with one byte, twice the number modulo 256. Whenever there are three
// clients, 42 is broadcast to all.
//   deno run -A src/main.ts serve ./examples/int16.ts --port 8080
//   printf '\0\1\0\2' | nc -N 127.0.0.1 8080 | od -An -tu1      2   4
import { type Codec, defineService, type Encoder, SpillwayError } from "spillway";
import { int16 } from "spillway/codecs";

const EVERYONE = "everyone";
const ANNOUNCED_AT = 3;
const ANNOUNCEMENT = 42;
const QUEUE = 16;

const numbers = int16({ endian: "big" });

/** A number from 0 to 255, as a byte. */
const byte: Encoder<number> = {
  encode(number, output) {
    if (!Number.isInteger(number) || number < 0 || number > 255) {
      throw new SpillwayError("reply-invalid", `not a byte: ${number}`);
    }
    output.bytes(Uint8Array.of(number));
  },
};

/** What arrives and what is sent are framed differently. */
const codec: Codec<number> = { decoder: () => numbers.decoder(), encoder: () => byte };

export default defineService({
  codec,
  handler: (number) => (2 * number) & 0xff,
  // Between reading and writing: an answer is a byte, so that is how many may wait for the writer. Beyond, nothing more is
  // read, and the sender has to wait. An answer is never lost.
  maxOutboundBytes: QUEUE,
  // A broadcast cannot wait. It finds a place in the same queue, or is dropped and counted: the others are not held up,
  // and who is merely slow keeps its answers.
  slowConsumer: "drop",
  onConnect: (session) => {
    session.join(EVERYONE);
    const everyone = session.group(EVERYONE);
    if (everyone.size === ANNOUNCED_AT) everyone.broadcast(ANNOUNCEMENT);
  },
});
