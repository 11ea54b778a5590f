/** Records the lines that a member of the room gets, and checks that each could come. Lines of one server are numbered from 1. */
export class RoomLedger {
  readonly tag: string;
  pid = 0;
  /** The server that it is connected to. */
  origin = "";
  /** The number of lines that its server had said when it became a member. */
  joinedAt = 0;
  /** The numbers of the lines that came, by their servers, each in the order of their arrival. */
  readonly received = new Map<string, number[]>();
  /** The numbers of its own lines. */
  readonly own: number[] = [];
  /** The longest time from a line of its server, as its sender was told, to its arrival. */
  slowestLocalMs = 0;
  readonly #saidAt: (origin: string, number: number) => number | undefined;

  /** `saidAt` returns when the sender of a line was told its number, if it was. */
  constructor(tag: string, saidAt: (origin: string, number: number) => number | undefined) {
    this.tag = tag;
    this.#saidAt = saidAt;
  }

  /** A line came. @throws {Error} it is none that could come now */
  take(line: string, now: number): void {
    const [word, first = "", second = "", third = ""] = line.split(" ", 4);
    if (word === "#" && this.origin !== "") return this.#line(first, Number(second), third, now);
    if (word === "said" && this.origin !== "") return void this.own.push(Number(first));
    if (word !== "hello" || this.origin !== "") throw new Error(`${this.tag}: what cannot come: ${line.slice(0, 120)}`);
    this.pid = Number(first);
    this.origin = second;
    this.joinedAt = Number(third);
  }

  #line(origin: string, number: number, tag: string, now: number): void {
    const before = this.received.get(origin) ?? [];
    this.received.set(origin, before);
    const last = before.at(-1) ?? 0;
    const name = `line ${number} of ${origin}`;
    if (tag === this.tag) throw new Error(`${this.tag}: its own ${name} comes back`);
    if (number === last) throw new Error(`${this.tag}: ${name} comes twice`);
    if (number < last) throw new Error(`${this.tag}: ${name} comes behind line ${last}`);
    before.push(number);
    if (origin !== this.origin) return;
    if (number <= this.joinedAt) throw new Error(`${this.tag}: ${name} was said before it joined`);
    const saidAt = this.#saidAt(origin, number);
    if (saidAt !== undefined) this.slowestLocalMs = Math.max(this.slowestLocalMs, now - saidAt);
  }
}
