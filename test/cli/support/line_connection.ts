import { connect, type Socket } from "node:net";

/** The peer of a server, for a test: sends text, collects what comes back. */
export class LineConnection {
  readonly #socket: Socket;
  #received = "";
  #over = false;
  readonly #waiting = new Set<() => void>();

  /** Connects to a port, or to the path of a Unix socket. */
  constructor(to: number | string, hostname = "127.0.0.1") {
    this.#socket = connect(typeof to === "string" ? { path: to } : { port: to, host: hostname });
    this.#socket.setEncoding("utf8").on("data", (text: string) => {
      this.#received += text;
      this.#look();
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.#over = true;
      this.#look();
    });
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  /** No more will be sent; replies can still come. */
  finish(): void {
    this.#socket.end();
  }

  /** The next line, without its terminator. */
  async line(): Promise<string> {
    await this.#until(() => this.#received.includes("\n"));
    const end = this.#received.indexOf("\n");
    const line = this.#received.slice(0, end);
    this.#received = this.#received.slice(end + 1);
    return line;
  }

  /** Everything up to the end of the connection that was not taken as a line. */
  async rest(): Promise<string> {
    await this.#until(() => this.#over);
    return this.#received;
  }

  #until(come: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!come() && !this.#over) return;
        this.#waiting.delete(look);
        if (come()) resolve();
        else reject(new Error(`the connection ended after ${JSON.stringify(this.#received)}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
