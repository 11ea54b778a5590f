import { type Codec, lengthPrefixed } from "../../core/codecs/mod.ts";
import { fleetError } from "../errors.ts";
import { isFarewell, packValue, unpackReply, type WorkerReply } from "../fleet_message.ts";
import type { RemoteSettings } from "./remote_options.ts";

/** The frames for the servers of a fleet, and the meaning of theirs. */
export interface WireProtocol<In, Sent, Received> {
  readonly codec: Codec<Received, Sent>;
  /** The frame that proves a connection; `undefined` if the first request does. */
  readonly probe: Sent | undefined;
  /** Whether a frame answers the probe. */
  readonly isProof: (frame: Received) => boolean;
  /** Whether a frame that nobody has asked for says that the server is none of this fleet. */
  readonly isStray: (frame: Received) => boolean;
  /** @throws the frame cannot be sent */
  pack(frame: In): Sent;
  /** @throws the frame is no reply */
  unpack(frame: Received): WorkerReply;
  readonly isGoodbye: (frame: Received) => boolean;
  readonly isFault: (frame: Received) => boolean;
}

/** A probe, which a worker answers with the same, without its handler. */
export const PROBE: Uint8Array = Uint8Array.of(0x70);

export function isProbe(message: Uint8Array): boolean {
  return message.length === 1 && message[0] === PROBE[0];
}

/** The bytes of the length field. */
const WIDTH = 4;

/** Returns the codec of the workers of a fleet: a length of four bytes, and a message. */
export function workerCodec(maxFrameBytes: number): Codec<Uint8Array, Uint8Array> {
  // One byte says the kind of the message.
  return lengthPrefixed({ width: WIDTH, maxFrameBytes: maxFrameBytes + 1 });
}

/** Returns the protocol of workers, or that of servers with a codec of their own. */
export function wireProtocol<In, Out>(settings: RemoteSettings<In, Out>): WireProtocol<In, unknown, unknown> {
  const { codec } = settings;
  return (codec === undefined ? ofWorkers(settings) : ofServers(settings, codec)) as WireProtocol<In, unknown, unknown>;
}

function ofWorkers<In, Out>({ maxFrameBytes }: RemoteSettings<In, Out>): WireProtocol<In, Uint8Array, Uint8Array> {
  return {
    codec: workerCodec(maxFrameBytes),
    probe: PROBE,
    isProof: isProbe,
    isStray: (message) => !isFarewell(message),
    pack(frame) {
      const message = packValue(frame);
      if (message.length <= maxFrameBytes + 1) return message;
      throw fleetError(
        "payload-too-large",
        `a frame of ${message.length - 1} bytes, and maxFrameBytes is ${maxFrameBytes}`,
      );
    },
    unpack: unpackReply,
    isGoodbye: isFarewell,
    isFault: () => false,
  };
}

function ofServers<In, Out>(
  { isFault = () => false, isGoodbye = () => false, probe }: RemoteSettings<In, Out>,
  codec: Codec<Out, In>,
): WireProtocol<In, In, Out> {
  return {
    codec,
    probe,
    isProof: () => true,
    isStray: () => false,
    pack: (frame) => frame,
    unpack: (value) => ({ kind: "reply", value }),
    isGoodbye,
    isFault,
  };
}
