import type { ServerEvent } from "../../core/mod.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/**
 * Every connection that was taken ends once: it is refused before it has a session, or ends with one reason, reported once to the
 * observer and once to `onDisconnect`.
 */
export class OneEnd extends Invariant {
  readonly name = "a connection ends once, with one reason";
  readonly #ended = new Set<number>();

  override onEvent(event: ServerEvent): void {
    if (event.type !== "connection-closed") return;
    const { id } = event.connection;
    this.expect(!this.#ended.has(id), () => `connection ${id} ended again, with ${event.reason}`);
    this.#ended.add(id);
  }

  override onEnd({ served, taken }: Simulation): void {
    for (const { id, outcome } of taken.values())
      this.expect(
        (outcome === "opened") === served.has(id) && outcome !== undefined,
        () => `connection ${id} got lost`,
      );
    for (const [id, { told, closed }] of served) {
      this.expect(this.#ended.has(id), () => `connection ${id} never ended`);
      const reason = closed?.reason;
      const right = told.length === 0 || (told.length === 1 && told[0] === reason);
      this.expect(right, () => `connection ${id} ended with ${reason}, but was told ${told.join(", ")}`);
    }
  }
}
