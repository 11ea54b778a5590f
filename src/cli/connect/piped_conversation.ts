import type { Readable } from "node:stream";
import { type Encoder, lines } from "../../core/codecs/mod.ts";
import { addressText } from "../../core/mod.ts";
import { type Bytes, SpillwayError } from "../../mod.ts";
import { firstLine, runFailure } from "../failure.ts";
import { FrameBatch } from "../frame_batch.ts";
import { frameText, linesText } from "../frame_text.ts";
import { hexText, parseHex } from "../hex.ts";
import { StdoutClosed, writeOut } from "../write_out.ts";
import { type Conversation, peerSilent, receiveFrames, replyTime, writeErr } from "./conversation.ts";
import { ReplyWait } from "./reply_wait.ts";
import { SentTimes } from "./sent_times.ts";

const LF = Uint8Array.of(10);
/** Encoded frames are sent when this many bytes have gathered, and at the end of a chunk of input. */
const WRITE_BYTES = 65_536;
/** Digits and blanks of a byte in a line of hexadecimal digits. */
const HEX_CHARACTERS = 3;

/**
 * Holds a conversation in a pipe: each line of stdin is a frame, and each frame of the peer is a line of stdout. At the
 * end of stdin it sends FIN, and reads until the peer's.
 *
 * - **Backpressure**: stdin is read no faster than the peer takes its frames, and the connection no faster than stdout.
 *
 * @throws {Failure} the conversation did not end in order
 */
export async function pipedConversation(conversation: Conversation): Promise<void> {
  await new PipedConversation(conversation).run();
}

class PipedConversation {
  readonly #conversation: Conversation;
  readonly #encoder: Encoder<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #batch = new FrameBatch();
  readonly #sent = new SentTimes();
  readonly #wait: ReplyWait;
  #line = 0;
  #replies = 0;
  /** Whether the peer has sent FIN, or the connection broke. */
  #over = false;
  /** Whether a part of the input was read and is not sent. */
  #sending = false;

  constructor(conversation: Conversation) {
    const { codec, connection, waitMs } = conversation;
    this.#conversation = conversation;
    this.#encoder = codec.encoder();
    this.#writer = connection.writable.getWriter();
    this.#wait = new ReplyWait(waitMs, () => {
      connection.abort(peerSilent(waitMs));
    });
  }

  async run(): Promise<void> {
    const { connection, codec, stdio } = this.#conversation;
    const receiving = receiveFrames(connection, codec.decoder(), (frames) => this.#receive(frames)).finally(() => {
      this.#over = true;
    });
    // Handled below, unless sending fails first.
    receiving.catch(() => undefined);
    const sending = this.#send(stdio.stdin);
    // Sending fails with the input, or because the connection broke: reading then tells more.
    sending.catch(() => undefined);
    try {
      await Promise.race([receiving, sending.then(() => receiving)]);
      if (this.#sending) throw runFailure("the peer closed the connection before the whole input was sent");
      this.#wait.start();
      await connection.close();
    } catch (error) {
      connection.abort();
      if (error instanceof StdoutClosed) return;
      if (!(error instanceof SpillwayError)) throw error;
      throw runFailure(`the connection to ${addressText(connection.remoteAddress)} ended: ${firstLine(error)}`, {
        cause: error,
      });
    } finally {
      this.#wait.stop();
      stdio.stdin.destroy();
    }
  }

  async #send(stdin: Readable): Promise<void> {
    const { hex, maxFrameBytes, unframed } = this.#conversation;
    const most = hex ? maxFrameBytes * HEX_CHARACTERS : maxFrameBytes;
    const decoder = lines({ encoding: "bytes", unterminated: "deliver", maxFrameBytes: most }).decoder();
    const chunks = stdin[Symbol.asyncIterator]() as AsyncIterator<Uint8Array | string>;
    for (;;) {
      const chunk = await this.#nextChunk(chunks);
      if (this.#over) return;
      this.#sending = chunk !== undefined || decoder.midFrame;
      if (unframed && !hex) {
        if (chunk === undefined) break;
        await this.#write(chunk);
      } else {
        if (chunk === undefined) decoder.end();
        else decoder.push(chunk);
        for (let line = this.#nextLine(decoder); line !== undefined; line = this.#nextLine(decoder)) {
          this.#encode(line);
          if (this.#batch.length >= WRITE_BYTES) await this.#write(this.#batch.take());
        }
        if (this.#batch.length > 0) await this.#write(this.#batch.take());
        if (chunk === undefined) break;
      }
      this.#sending = false;
    }
    this.#sending = false;
    await this.#finish();
  }

  /** Returns the next chunk of the input, or `undefined` at its end. @throws {Failure} stdin cannot be read */
  async #nextChunk(chunks: AsyncIterator<Uint8Array | string>): Promise<Bytes | undefined> {
    try {
      const result = await chunks.next();
      if (result.done === true) return undefined;
      return (typeof result.value === "string" ? new TextEncoder().encode(result.value) : result.value) as Bytes;
    } catch (cause) {
      if (this.#over) return undefined;
      throw runFailure(`cannot read stdin: ${firstLine(cause)}`, { cause });
    }
  }

  /** @throws {Failure} a line is too long */
  #nextLine(decoder: { next(): Bytes | undefined }): Bytes | undefined {
    this.#line += 1;
    try {
      const line = decoder.next();
      if (line === undefined) this.#line -= 1;
      return line;
    } catch (cause) {
      throw runFailure(`line ${this.#line} of stdin: ${firstLine(cause)}; raise --max-frame-bytes`, { cause });
    }
  }

  /** @throws {Failure} a line is not a frame of the codec */
  #encode(line: Bytes): void {
    const { hex, verbose } = this.#conversation;
    const frame = hex ? parseHex(new TextDecoder().decode(line)) : line;
    if (frame === undefined) {
      throw runFailure(`line ${this.#line} of stdin: write bytes of two hexadecimal digits each`);
    }
    try {
      this.#batch.add(this.#encoder, frame);
    } catch (cause) {
      throw runFailure(`line ${this.#line} of stdin is not a frame: ${firstLine(cause)}`, { cause });
    }
    if (verbose) this.#sent.add(performance.now());
  }

  /** Sends bytes. Once the connection has broken it waits for the reading to tell why. */
  async #write(bytes: Uint8Array): Promise<void> {
    this.#wait.start();
    try {
      await this.#writer.write(bytes);
      this.#wait.stop();
    } catch {
      await new Promise<never>(() => undefined);
    }
  }

  /** Sends FIN; from now on the peer has the time of the wait. */
  async #finish(): Promise<void> {
    this.#wait.start();
    await this.#writer.close().catch(() => undefined);
    this.#wait.touch();
  }

  async #receive(frames: readonly Bytes[]): Promise<void> {
    const { hex, stdio, unframed, verbose } = this.#conversation;
    this.#wait.touch();
    const now = performance.now();
    const out = new FrameBatch();
    for (const frame of frames) {
      if (hex) out.text(`${hexText(frame)}\n`);
      else if (stdio.stdout.isTTY === true) out.text(`${unframed ? linesText(frame) : frameText(frame)}\n`);
      else {
        out.bytes(frame);
        if (!unframed) out.bytes(LF);
      }
    }
    this.#wait.held = true;
    if (verbose) await writeErr(stdio, this.#times(frames.length, now));
    await writeOut(stdio.stdout, out.take());
    this.#wait.held = false;
    this.#wait.touch();
  }

  #times(count: number, now: number): string {
    let text = "";
    for (let index = 0; index < count; index++) {
      this.#replies += 1;
      const sentAt = this.#sent.take();
      text += `spillway: frame ${this.#replies}: ${sentAt === undefined ? "not asked for" : replyTime(now - sentAt)}\n`;
    }
    return text;
  }
}
