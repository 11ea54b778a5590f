import type { FromWorker, ToWorker } from "./messages.ts";

/** Says a message to a child, with a socket beside it. */
export type SayToChild = (message: ToWorker, handle?: object) => void;

interface OfferedSocket {
  readonly index: number;
  readonly handle: object;
}

/**
 * The way from a supervisor to a child: messages, and sockets between them, each alone. When Deno reads a socket together with a message,
 * before or behind it, neither the socket nor anything after it comes.
 *
 * ```
 * state    event                     next state
 * free     a message                 free: it is said
 *          a socket                  offered: `offer` is said
 * offered  the child says `take`     sent: the child has read everything, and the socket is sent
 * sent     the child says `taken`    free: what waits is said; or offered, the next socket
 * ```
 *
 * In `offered` and `sent`, messages and sockets wait. A child that does not answer is killed, because it does not answer pings.
 */
export class ChildChannel {
  readonly #say: SayToChild;
  #state: "free" | "offered" | "sent" = "free";
  readonly #sockets: OfferedSocket[] = [];
  readonly #messages: ToWorker[] = [];

  constructor(say: SayToChild) {
    this.#say = say;
  }

  send(message: ToWorker): void {
    if (this.#state === "free") this.#say(message);
    else this.#messages.push(message);
  }

  sendSocket(index: number, handle: object): void {
    this.#sockets.push({ index, handle });
    if (this.#state === "free") this.#offer();
  }

  /** Takes a message of the child. Returns whether it was about a socket. */
  onMessage(message: FromWorker): boolean {
    if (message.type === "take") this.#onTake();
    else if (message.type === "taken") this.#onTaken();
    else return false;
    return true;
  }

  #offer(): void {
    if (this.#sockets.length === 0) return;
    this.#state = "offered";
    this.#say({ type: "offer" });
  }

  #onTake(): void {
    const [socket] = this.#sockets;
    if (this.#state !== "offered" || socket === undefined) return;
    this.#state = "sent";
    this.#say({ type: "socket", index: socket.index }, socket.handle);
  }

  #onTaken(): void {
    if (this.#state !== "sent") return;
    this.#state = "free";
    this.#sockets.shift();
    for (const message of this.#messages.splice(0)) this.#say(message);
    this.#offer();
  }
}
