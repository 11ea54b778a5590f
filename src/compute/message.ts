/** What is sent between the threads. */
import type { ErrorText } from "../core/mod.ts";

/** A frame or a reply. Bytes go as their buffer: that can be moved, and Deno looks at every element of a view. */
export type Parcel = { readonly bytes: ArrayBuffer } | { readonly value: unknown };

/** What a worker is asked for. */
export interface Task {
  /** Where the function is. */
  readonly module: string;
  /** Left out: only load the module. */
  readonly frame?: Parcel;
  /** A {@link Progress}, on Deno. */
  readonly progress?: SharedArrayBuffer;
}

/** What a worker answers. */
export type Answer = Parcel | { readonly thrown: ErrorText };

/**
 * A frame, to be moved. One that is a part of its buffer is copied: other frames, which have not been taken yet, are in there
 * too. So is an empty one, of which there may be one for all.
 */
export function packFrame(frame: unknown): Parcel {
  if (!(frame instanceof Uint8Array)) return { value: frame };
  const { buffer } = frame;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === frame.byteLength && frame.byteLength > 0;
  return { bytes: whole ? buffer : copyOf(frame) };
}

/** A reply, to be moved: a copy of it, made in the worker, as a function may keep the bytes that it returns. */
export function packReply(reply: unknown): Parcel {
  return reply instanceof Uint8Array ? { bytes: copyOf(reply) } : { value: reply };
}

/** The buffers to move with it. */
export function movedWith(parcel: Parcel): ArrayBuffer[] {
  return "bytes" in parcel ? [parcel.bytes] : [];
}

export function unpack(parcel: Parcel): unknown {
  return "bytes" in parcel ? new Uint8Array(parcel.bytes) : parcel.value;
}

/** Not `slice`, which is a view where the bytes are Node's `Buffer`. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
