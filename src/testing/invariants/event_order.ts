import type { ServerEvent } from "../../core/mod.ts";
import { Invariant, type Simulation } from "../simulation.ts";

/** Events allowed after the end of a connection: errors of `onDisconnect`, and of the end of a stream. */
const AFTERWARDS: readonly string[] = ["handler-error"];

/** The observer's events come in a legal order. */
export class EventOrder extends Invariant {
  readonly name = "events come in a legal order";
  readonly #state = new Map<number, "open" | "closed" | "refused">();
  #full = false;
  #server: "new" | "listening" | "draining" | "drained" = "new";
  #lastId = 0;

  override onEvent(event: ServerEvent, { hasSteps }: Simulation): void {
    switch (event.type) {
      case "listening":
        return this.#move("new", "listening", event.type);
      case "draining":
        return this.#move("listening", "draining", event.type);
      case "drained":
        return this.#move("draining", "drained", event.type);
      case "accepting-stopped":
        return this.expect(this.#server === "listening", () => `${event.type} while the server is ${this.#server}`);
      case "connections-full":
        this.expect(!this.#full && this.#server === "listening", () => `${event.type} twice, or too late`);
        this.#full = true;
        return;
      case "connections-available":
        this.expect(this.#full && this.#server === "listening", () => `${event.type}, and it was not full`);
        this.#full = false;
        return;
      case "accept-error":
        return this.expect(this.#server !== "drained", () => "an accept error after the drain");
      case "connection-opened":
        // Those with steps overtake each other.
        this.expect(
          hasSteps || event.connection.id === this.#lastId + 1,
          () => `connection ${event.connection.id} out of order`,
        );
        this.#lastId = event.connection.id;
        return this.#begin(event.connection.id, "open");
      case "establish-failed":
        this.expect(hasSteps, () => `${event.type}, without steps`);
        return this.#begin(event.connection.id, "refused");
      case "bus-up":
      case "bus-down":
      case "bus-gap":
      case "bus-error":
        return this.expect(this.#server !== "drained", () => `${event.type} after the drain`);
      default:
        this.#checkConnection(event.connection.id, event.type);
    }
  }

  #begin(id: number, state: "open" | "refused"): void {
    const before = this.#state.get(id);
    this.expect(before === undefined, () => `connection ${id} is ${state}, and was ${before} before`);
    this.#state.set(id, state);
    this.expect(this.#server !== "drained", () => "a connection after the drain");
  }

  #checkConnection(id: number, type: string): void {
    const state = this.#state.get(id);
    const legal = state === "open" || (state === "closed" && AFTERWARDS.includes(type));
    this.expect(legal, () => `${type} of connection ${id}, which is ${state ?? "unknown"}`);
    if (type === "connection-closed") this.#state.set(id, "closed");
  }

  #move(from: string, to: "listening" | "draining" | "drained", type: string): void {
    this.expect(this.#server === from, () => `${type} while the server is ${this.#server}`);
    this.#server = to;
  }
}
