import { type Codec, type Decoder, describe } from "../core/mod.ts";
import { frameText, shownFrame } from "./frame_text.ts";

/** A frame that a client has received. */
export interface ReceivedFrame {
  readonly value: unknown;
  /** The same for frames with the same value. */
  readonly text: string;
  readonly shown: string;
}

/** Decodes what a client receives. */
export class ReplyReader {
  /** The error that the decoder threw. After it, the reader reads nothing more. */
  failure: string | undefined;
  readonly #decoder: Decoder<unknown>;

  constructor(codec: Codec<unknown, never>) {
    this.#decoder = codec.decoder();
  }

  /** Returns the frames that are complete with these bytes. */
  push(bytes: Uint8Array): ReceivedFrame[] {
    if (this.failure !== undefined) return [];
    const received: ReceivedFrame[] = [];
    try {
      this.#decoder.push(new Uint8Array(bytes));
      for (let frame = this.#decoder.next(); frame !== undefined; frame = this.#decoder.next()) {
        // At once: a frame may be a view of a chunk.
        const value = frame instanceof Uint8Array ? frame.slice() : frame;
        received.push({ value, text: frameText(value), shown: shownFrame(value) });
      }
    } catch (error) {
      this.failure = describe(error);
    }
    return received;
  }
}
