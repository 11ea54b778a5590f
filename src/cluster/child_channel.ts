import type { FromWorker, ToWorker } from "./messages.ts";

/** Says a message to a child, with a socket beside it. */
export type SayToChild = (message: ToWorker, handle?: object) => void;

interface OfferedSocket {
  readonly index: number;
  readonly handle: object;
}

/**
 * The way from a supervisor to a child: messages, and sockets between them. On Deno a socket goes alone: when the child reads it together
 * with a message, before or behind it, neither the socket nor anything after it comes.
 *
 * ```
 * state    event                     next state
 * free     a message                 free: it is said
 *          a socket                  offered: `offer` is said
 * offered  the child says `take`     sent: the child has read everything, and the socket is sent
 * sent     the child says `taken`    free: what waits is said; or offered, the next socket
 * ```
 *
 * In `offered` and `sent`, messages and sockets wait. A child that says nothing is killed by its supervisor, which counts beats.
 */
export class ChildChannel {
  readonly #say: SayToChild;
  readonly #alone: boolean;
  #state: "free" | "offered" | "sent" = "free";
  readonly #sockets: OfferedSocket[] = [];
  readonly #messages: ToWorker[] = [];

  /** `alone`: sockets go alone. Otherwise each is sent at once, and there is only the state `free`. */
  constructor(say: SayToChild, alone: boolean) {
    this.#say = say;
    this.#alone = alone;
  }

  send(message: ToWorker): void {
    if (this.#state === "free") this.#say(message);
    else this.#messages.push(message);
  }

  sendSocket(index: number, handle: object): void {
    if (!this.#alone) return this.#say({ type: "socket", index }, handle);
    this.#sockets.push({ index, handle });
    if (this.#state === "free") this.#offer();
  }

  /** Takes what the child says. Only messages about sockets have an effect. */
  onMessage(message: FromWorker): void {
    if (message.type === "take") this.#onTake();
    if (message.type === "taken") this.#onTaken();
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
