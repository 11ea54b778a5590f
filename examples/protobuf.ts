// Size-delimited Protocol Buffers, as `writeDelimitedTo` and `sizeDelimitedEncode` write them. The reply to a
// google.protobuf.Timestamp is a google.protobuf.Duration: the time that has passed since then.
//   deno run -A src/main.ts serve ./examples/protobuf.ts --port 8080
// To use your own messages, replace these two schemas with schemas that protoc-gen-es has generated.
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Codec, Service } from "spillway";
import { mapCodec, varintPrefixed } from "spillway/codecs";
import type { ServiceSimulation } from "spillway/testing";

/** Decodes messages of one type and encodes messages of another. Other input is `frame-invalid`. */
export function protobuf<In extends DescMessage, Out extends DescMessage>(
  received: In,
  sent: Out,
  maxFrameBytes: number = 65_536,
): Codec<MessageShape<In>, MessageShape<Out>> {
  return mapCodec(varintPrefixed({ maxFrameBytes }), {
    decode: (bytes) => fromBinary(received, bytes),
    encode: (message: MessageShape<Out>) => toBinary(sent, message),
  });
}

/** The time from then to `now`, in milliseconds; negative if it is in the future. */
export function age(timestamp: Timestamp, now: number): Duration {
  const ms = now - timestampMs(timestamp);
  const seconds = Math.trunc(ms / 1_000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - 1_000 * seconds) * 1_000_000) });
}

export default {
  codec: protobuf(TimestampSchema, DurationSchema),
  handler: (timestamp) => age(timestamp, Date.now()),
} satisfies Service<Timestamp, Duration>;

/** The frames that the clients of `spillway simulate` send. The reply depends on the time. */
export const simulate: ServiceSimulation<Timestamp, Duration> = {
  codec: protobuf(DurationSchema, TimestampSchema),
  frames: (random) =>
    create(TimestampSchema, { seconds: BigInt(random.below(2_000_000_000)), nanos: random.below(1_000) }),
  check: ({ seconds }, reply) => {
    if (seconds + reply.seconds < 0n) throw new Error(`${reply.seconds} s after ${seconds} s was before 1970`);
  },
};
