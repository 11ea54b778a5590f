import { type Codec, lengthPrefixed } from "../../core/mod.ts";

/**
 * The frames between a hub and its servers. Each begins with its kind; topics have two bytes.
 *
 * | kind | from a server | from the hub |
 * |---|---|---|
 * | hello | | limit of a message (4) |
 * | subscribe | topics | it is done |
 * | unsubscribe | topics | |
 * | publish | topic, message | topic, message of another server |
 * | flush | | everything before was taken |
 */
export const KIND = { hello: 0, subscribe: 1, unsubscribe: 2, publish: 3, flush: 4 } as const;

/** The bytes of a message before its payload, without the length. */
export const PUBLISH_HEADER_BYTES = 3;

/** Returns the codec of both sides. */
export function hubCodec(maxPayloadBytes: number): Codec<Uint8Array, Uint8Array> {
  return lengthPrefixed({ width: 4, maxFrameBytes: Math.max(1_024, maxPayloadBytes + PUBLISH_HEADER_BYTES) });
}

/** Returns a frame with topics. */
export function topicsFrame(kind: number, topics: readonly number[]): Uint8Array {
  const frame = new Uint8Array(1 + 2 * topics.length);
  frame[0] = kind;
  for (const [index, topic] of topics.entries()) {
    frame[1 + 2 * index] = topic >> 8;
    frame[2 + 2 * index] = topic & 0xff;
  }
  return frame;
}

/** Returns the topics of a frame. */
export function topicsOf(frame: Uint8Array): number[] {
  const topics: number[] = [];
  for (let at = 1; at + 1 < frame.length; at += 2) topics.push(topicAt(frame, at));
  return topics;
}

export function topicAt(frame: Uint8Array, at: number): number {
  return ((frame[at] ?? 0) << 8) | (frame[at + 1] ?? 0);
}
