import { connect, type Socket } from "node:net";
import { LINES, Unframer } from "../../support/framings.ts";
import type { Membership } from "./judge_bus.ts";
import { RoomLedger } from "./room_ledger.ts";

/** A connection of the storm to the room. */
export class Member implements Membership {
  readonly ledger: RoomLedger;
  /** Fulfils when it was greeted, or has ended. */
  readonly greeted: Promise<void>;
  end: Membership["end"] = "open";
  wasSlow = false;
  error?: string;
  readonly #socket: Socket;
  readonly #onSaid: (number: number) => void;
  /** Lines that it sent, and whose numbers it was not told. */
  #open = 0;

  /** `onSaid` gets the number of each line that it said. */
  constructor(port: number, ledger: RoomLedger, onSaid: (member: Member, number: number) => void) {
    this.ledger = ledger;
    this.#onSaid = (number) => onSaid(this, number);
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }).setEncoding("latin1");
    this.#socket = socket;
    const unframer = new Unframer(LINES);
    socket.on("error", () => undefined);
    this.greeted = new Promise((resolve) => {
      socket.on("data", (text: string) => {
        unframer.push(text, (line) => this.#take(line));
        if (ledger.origin !== "") resolve();
      });
      socket.on("close", () => {
        if (this.end === "open") this.end = "lost";
        resolve();
      });
    });
  }

  /** Lines whose numbers it was not told yet. */
  get open(): number {
    return this.#open;
  }

  /** Says a line of about so many bytes. */
  say(bytes: number): void {
    this.#open += 1;
    this.#socket.write(`${this.ledger.tag} ${"x".repeat(bytes)}\n`);
  }

  /** Reads nothing until {@link go}. */
  hold(): void {
    this.wasSlow = true;
    this.#socket.pause();
  }

  go(): void {
    this.#socket.resume();
  }

  /** Leaves with FIN, and drops what still comes: a reset would be an error to its server. */
  leave(): void {
    if (this.end === "open") this.end = "left";
    this.#socket.end();
    this.#socket.resume();
  }

  #take(line: string): void {
    if (this.error !== undefined || this.end === "left") return;
    try {
      this.ledger.take(line, performance.now());
    } catch (error) {
      this.error = (error as Error).message;
      return;
    }
    if (!line.startsWith("said ")) return;
    this.#open -= 1;
    this.#onSaid(Number(line.slice(5)));
  }
}
