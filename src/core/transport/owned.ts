import type { SpillwayError } from "../errors/errors.ts";
import type { ConnectionOwner } from "./transport.ts";

const RELEASED = Promise.resolve();

/** The end of a connection: told to its owner by a call, and to others by a promise that is made when one of them asks. */
export class Owned {
  #owner: ConnectionOwner | undefined;
  #closed: Promise<SpillwayError | undefined> | undefined;
  #resolveClosed: ((error: SpillwayError | undefined) => void) | undefined;
  #released = false;
  /** What broke the connection. */
  protected error: SpillwayError | undefined;

  get closed(): Promise<SpillwayError | undefined> {
    this.#closed ??= new Promise((resolve) => {
      if (this.#released) resolve(this.error);
      else this.#resolveClosed = resolve;
    });
    return this.#closed;
  }

  /** @throws {TypeError} it is owned */
  own(owner: ConnectionOwner): void {
    if (this.#owner !== undefined) throw new TypeError("the connection has an owner");
    this.#owner = owner;
    if (this.#released) this.#tell(owner);
  }

  protected get owner(): ConnectionOwner | undefined {
    return this.#owner;
  }

  /** The descriptor was given back. */
  protected tellReleased(): void {
    this.#released = true;
    this.#resolveClosed?.(this.error);
    if (this.#owner !== undefined) this.#tell(this.#owner);
  }

  #tell(owner: ConnectionOwner): void {
    void RELEASED.then(() => owner.onClosed(this.error));
  }
}
