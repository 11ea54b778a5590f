import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { addressText } from "../../core/mod.ts";
import { type Bytes, SpillwayError } from "../../mod.ts";
import { EXIT_INTERRUPTED, firstLine, runFailure } from "../failure.ts";
import { FrameBatch } from "../frame_batch.ts";
import { frameText, linesText } from "../frame_text.ts";
import { hexText, parseHex } from "../hex.ts";
import { StdoutClosed, writeOut } from "../write_out.ts";
import { type Conversation, peerSilent, receiveFrames, replyTime } from "./conversation.ts";
import { ReplyWait } from "./reply_wait.ts";
import { SentTimes } from "./sent_times.ts";

const PROMPT = "> ";
/** While more bytes than this wait to be sent, no line is read. */
const MOST_WAITING_BYTES = 1_048_576;

/**
 * Holds a conversation at a terminal: each line that is entered is a frame, and each frame of the peer is shown as it
 * comes, escaped. Ctrl-D sends FIN and waits for the peer's; Ctrl-C ends at once. Fulfils with the exit code.
 *
 * @throws {Failure} the conversation did not end in order
 */
export async function terminalConversation(conversation: Conversation): Promise<number> {
  return await new TerminalConversation(conversation).run();
}

class TerminalConversation {
  readonly #conversation: Conversation;
  readonly #lines: Interface;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #sent = new SentTimes();
  readonly #wait: ReplyWait;
  #waitingBytes = 0;
  #interrupted = false;
  /** Whether the input has ended: the prompt is gone. */
  #ended = false;

  constructor(conversation: Conversation) {
    const { connection, stdio, waitMs } = conversation;
    this.#conversation = conversation;
    this.#writer = connection.writable.getWriter();
    this.#lines = createInterface({ input: stdio.stdin, output: stdio.stdout, prompt: PROMPT, terminal: true });
    this.#wait = new ReplyWait(waitMs, () => {
      connection.abort(peerSilent(waitMs));
    });
    this.#lines.on("line", (line) => this.#onLine(line));
    this.#lines.on("SIGINT", () => {
      this.#interrupted = true;
      connection.abort();
      this.#lines.close();
    });
    this.#lines.on("close", () => this.#finish());
  }

  async run(): Promise<number> {
    const { codec, connection } = this.#conversation;
    const peer = addressText(connection.remoteAddress);
    await this.#show([`connected to ${peer}${tlsText(this.#conversation)}; Ctrl-D ends`]);
    try {
      await receiveFrames(connection, codec.decoder(), (frames) => this.#receive(frames));
      await this.#leave(["the peer closed the connection"]);
      this.#wait.start();
      await connection.close();
      return 0;
    } catch (error) {
      connection.abort();
      // The terminal may be gone, too.
      if (this.#interrupted || error instanceof StdoutClosed) return EXIT_INTERRUPTED;
      await this.#leave([]);
      if (!(error instanceof SpillwayError)) throw error;
      throw runFailure(`the connection to ${peer} ended: ${firstLine(error)}`, { cause: error });
    } finally {
      this.#ended = true;
      this.#wait.stop();
      this.#lines.close();
      this.#conversation.stdio.stdin.destroy();
    }
  }

  #onLine(line: string): void {
    const { codec, hex, unframed } = this.#conversation;
    if (this.#ended) return;
    const batch = new FrameBatch();
    const frame = hex ? parseHex(line) : new TextEncoder().encode(unframed ? `${line}\n` : line);
    if (frame === undefined) return this.#tell("not sent: write bytes of two hexadecimal digits each, such as 0d 0a");
    try {
      batch.add(codec.encoder(), frame);
    } catch (error) {
      return this.#tell(`not sent: ${firstLine(error)}`);
    }
    this.#sent.add(performance.now());
    this.#write(batch.take());
    this.#lines.prompt();
  }

  #tell(text: string): void {
    // A failure to write is seen when the next frame is shown.
    void this.#show([text]).catch(() => undefined);
  }

  #write(bytes: Uint8Array): void {
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.#lines.pause();
    this.#writer.write(bytes).then(
      () => {
        this.#waitingBytes -= bytes.length;
        this.#wait.touch();
        if (!this.#ended && this.#waitingBytes <= MOST_WAITING_BYTES) this.#lines.resume();
      },
      // The reading tells why the connection broke.
      () => undefined,
    );
  }

  /** Ends the input: sends FIN; from now on the peer has the time of the wait. */
  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wait.start();
    this.#conversation.stdio.stdout.write("\n");
    this.#writer.close().then(
      () => this.#wait.touch(),
      () => undefined,
    );
  }

  async #receive(frames: readonly Bytes[]): Promise<void> {
    const { hex, unframed, verbose } = this.#conversation;
    const now = performance.now();
    const shown = frames.map((frame) => {
      const text = hex ? hexText(frame) : unframed ? linesText(frame) : frameText(frame);
      const sentAt = this.#sent.take();
      if (!verbose) return text;
      return `${text}  (${sentAt === undefined ? "not asked for" : replyTime(now - sentAt)})`;
    });
    await this.#show(shown);
    this.#wait.touch();
  }

  /** Shows lines above the line that is being entered. */
  async #show(shown: readonly string[]): Promise<void> {
    if (!this.#ended) this.#clearEntry();
    await writeOut(this.#conversation.stdio.stdout, `${shown.join("\n")}\n`);
    if (!this.#ended) this.#lines.prompt(true);
  }

  /** Shows lines in place of the line that is being entered, and takes no more. */
  async #leave(shown: readonly string[]): Promise<void> {
    if (this.#ended) return;
    this.#clearEntry();
    this.#ended = true;
    if (shown.length > 0) await this.#show(shown);
  }

  #clearEntry(): void {
    const { stdout } = this.#conversation.stdio;
    moveCursor(stdout, 0, -this.#lines.getCursorPos().rows);
    cursorTo(stdout, 0);
    clearScreenDown(stdout);
  }
}

function tlsText({ connection }: Conversation): string {
  const { tls } = connection;
  return tls === undefined ? "" : ` (${tls.protocol}, ${tls.cipher})`;
}
