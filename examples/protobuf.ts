// Protocol Buffers, size-delimited, as `writeDelimitedTo` and `sizeDelimitedEncode` write them: a google.protobuf.Timestamp
// is answered with how long ago that was, as a google.protobuf.Duration.
//   deno run -A src/main.ts serve ./examples/protobuf.ts --port 8080
// A schema of your own, as protoc-gen-es writes it, goes where these two are: nothing else changes.
import { create, type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import { type Duration, DurationSchema, type Timestamp, TimestampSchema, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Codec, Service } from "spillway";
import { mapCodec, varintPrefixed } from "spillway/codecs";

/** Messages of one kind in, of another kind out. What is not a message of that kind is `frame-invalid`. */
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

/** How long ago that is at `now`, in milliseconds; below 0 where it is still to come. */
export function age(timestamp: Timestamp, now: number): Duration {
  const ms = now - timestampMs(timestamp);
  const seconds = Math.trunc(ms / 1_000);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos: Math.round((ms - 1_000 * seconds) * 1_000_000) });
}

export default {
  codec: protobuf(TimestampSchema, DurationSchema),
  handler: (timestamp) => age(timestamp, Date.now()),
} satisfies Service<Timestamp, Duration>;
