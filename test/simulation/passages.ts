import type { ServerEvent } from "../../src/core/mod.ts";
import { Invariant, type Simulation } from "../../src/testing/simulation.ts";
import type { TakenConnection } from "../../src/testing/taken_connection.ts";
import type { Client } from "./client.ts";
import { type Passage, RENAMED, type SimulatedSteps, type StepKind } from "./steps.ts";

/** The codes that may end a connection in its steps, whatever the steps decide. */
const INTERRUPTED: readonly string[] = ["establish-timeout", "drained", "connection-reset", "connection-failed"];

/** Only a connection that has passed every step in order has a session. A refused one is reported with the reason, and sent nothing. */
export class Passages extends Invariant {
  readonly name = "who passes every step, in order, has a session";
  readonly #kinds: readonly StepKind[];
  readonly #steps: SimulatedSteps;
  readonly #clients: ReadonlyMap<number, Client>;

  constructor(kinds: readonly StepKind[], steps: SimulatedSteps, clients: ReadonlyMap<number, Client>) {
    super();
    this.#kinds = kinds;
    this.#steps = steps;
    this.#clients = clients;
  }

  override onEvent(event: ServerEvent, world: Simulation): void {
    if (this.#kinds.length === 0) return;
    if (event.type === "connection-opened") this.#checkOpened(event);
    if (event.type === "establish-failed") this.#checkRefused(event, world);
  }

  override onEnd({ taken }: Simulation): void {
    for (const { id, link, outcome } of taken.values()) {
      const silent = outcome !== "refused" || link.back.written === 0;
      this.expect(silent, () => `connection ${id} was refused, and sent ${link.back.written} bytes`);
    }
  }

  #checkOpened({ connection }: Extract<ServerEvent, { type: "connection-opened" }>): void {
    const { id, remoteAddress } = connection;
    const { called, verdict } = this.#steps.passages.get(id) as Passage;
    const passed = called.join(" ");
    this.expect(passed === this.#kinds.join(" "), () => `connection ${id} has only passed ${passed}`);
    this.expect(verdict === undefined, () => `connection ${id} has a session, and was refused: ${verdict}`);
    const renamed = remoteAddress.hostname === RENAMED;
    this.expect(renamed === this.#kinds.includes("rename"), () => `connection ${id} has the address of another`);
    const client = this.#clientOf(remoteAddress.port);
    const proved = client?.head === undefined || client.head.right;
    this.expect(proved, () => `connection ${id} has a session, but no right head`);
  }

  #checkRefused(
    { connection, error }: Extract<ServerEvent, { type: "establish-failed" }>,
    { taken }: Simulation,
  ): void {
    const { id, remoteAddress } = connection;
    const { verdict, reading, called } = this.#steps.passages.get(id) as Passage;
    const { code } = error;
    const last = called.at(-1);
    this.expect(
      called.join(" ") === this.#kinds.slice(0, called.length).join(" "),
      () => `connection ${id} took its steps out of order: ${called.join(" ")}`,
    );
    // A verdict that a step has not reached yet, or too late, does not count.
    if (verdict !== undefined && (code === verdict || INTERRUPTED.includes(code))) return;
    if (code === "unexpected-eof" || code === "frame-too-large") {
      const { head } = this.#clientOf(remoteAddress.port) ?? {};
      const own =
        code === "unexpected-eof" ? this.#clientOf(remoteAddress.port)?.sentHead !== true : head?.text.at(-1) === "x";
      return this.expect(last === "head" && own, () => `connection ${id} was refused for ${code}, which is not so`);
    }
    this.expect(INTERRUPTED.includes(code), () => `connection ${id} was refused for ${code}, not ${verdict}`);
    if (code !== "establish-timeout" || !reading) return;
    const { waiting } = (taken.get(id) as TakenConnection).link.forth;
    this.expect(waiting === 0, () => `connection ${id}: ${waiting} bytes of a head had come, and were not looked at`);
  }

  #clientOf(port: number | undefined): Client | undefined {
    for (const client of this.#clients.values()) if (client.port === port) return client;
    return undefined;
  }
}
