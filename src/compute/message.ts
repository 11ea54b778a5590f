/** The messages between the threads. */
import type { ErrorText } from "../core/mod.ts";

/** A frame or a reply. Bytes travel as their buffer: a buffer can be moved, and Deno examines every element of a view. */
export type Parcel = { readonly bytes: ArrayBuffer } | { readonly value: unknown };

/** A request to a worker. */
export interface Task {
  /** The URL of the module with the function. */
  readonly module: string;
  /** The frame to compute. Without one, the worker only loads the module. */
  readonly frame?: Parcel;
  /** The memory of a {@link Progress}, on Deno. */
  readonly progress?: SharedArrayBuffer;
}

/** The answer of a worker. */
export type Answer = Parcel | { readonly thrown: ErrorText };

/**
 * Packs a frame, to be moved. A frame that is a part of its buffer is copied, because that buffer also holds other frames,
 * which have not been taken yet. An empty frame is copied, because many frames may share it.
 */
export function packFrame(frame: unknown): Parcel {
  if (!(frame instanceof Uint8Array)) return { value: frame };
  const { buffer } = frame;
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === frame.byteLength && frame.byteLength > 0;
  return { bytes: whole ? buffer : copyOf(frame) };
}

/** Packs a reply, to be moved. Its bytes are copied in the worker, as a function may keep the bytes that it returns. */
export function packReply(reply: unknown): Parcel {
  return reply instanceof Uint8Array ? { bytes: copyOf(reply) } : { value: reply };
}

/** Returns the buffers to move with a message. */
export function movedWith(parcel: Parcel): ArrayBuffer[] {
  return "bytes" in parcel ? [parcel.bytes] : [];
}

export function unpack(parcel: Parcel): unknown {
  return "bytes" in parcel ? new Uint8Array(parcel.bytes) : parcel.value;
}

/** Copies bytes. Does not call `slice`, which returns a view where the bytes are Node's `Buffer`. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
