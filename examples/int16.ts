// Numbers. The reply to a big-endian int16 is one byte: twice the number, modulo 256. When the third client connects, 42
// is broadcast to all.
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

/** Requests and replies have different framings. */
const codec: Codec<number> = { decoder: () => numbers.decoder(), encoder: () => byte };

export default defineService({
  codec,
  handler: (number) => (2 * number) & 0xff,
  // A reply is one byte, so this is the number of replies that may wait to be sent. At the limit, reading stops. Replies are
  // never dropped.
  maxOutboundBytes: QUEUE,
  // A broadcast never waits. Without room in the same queue it is dropped and counted. Other clients are not delayed, and
  // a slow client still gets its replies.
  slowConsumer: "drop",
  onConnect: (session) => {
    session.join(EVERYONE);
    const everyone = session.group(EVERYONE);
    if (everyone.size === ANNOUNCED_AT) everyone.broadcast(ANNOUNCEMENT);
  },
});
