import { type CloseReason, SpillwayError } from "./errors.ts";
import type { Context, Reply } from "./exchange.ts";
import { handlerError } from "./faults.ts";
import type { ServedSession } from "./served_session.ts";
import type { SessionSettings } from "./session_settings.ts";

/** What a service wants to be told of a connection, and what it says on these occasions. */
export class Lifecycle<In, Out, State> {
  /** Who says goodbye: an upgrade may change it. */
  onDrain: SessionSettings<In, Out, State>["onDrain"];
  readonly #settings: SessionSettings<In, Out, State>;
  readonly #session: ServedSession<Out, State>;
  readonly #onError: (error: SpillwayError) => void;
  #connected = false;
  /** What is sent last when the server drains. */
  #goodbye: Out | undefined | void;

  constructor(
    session: ServedSession<Out, State>,
    settings: SessionSettings<In, Out, State>,
    onError: (error: SpillwayError) => void,
  ) {
    this.#session = session;
    this.#settings = settings;
    this.#onError = onError;
    this.onDrain = settings.onDrain;
  }

  /** Makes the connection's state, and greets. */
  connect(context: Context<Out, State>): Reply<Out> | PromiseLike<Reply<Out>> {
    const { onConnect, state } = this.#settings;
    if (state !== undefined) this.#session.state = state(this.#session.connection);
    this.#connected = true;
    return onConnect?.(this.#session, context);
  }

  /** Asks for the goodbye, of whoever says it now. */
  askGoodbye(): void {
    this.#goodbye = undefined;
    this.report(() => {
      this.#goodbye = this.onDrain?.(this.#session);
    });
  }

  /** The goodbye, once. */
  takeGoodbye(): Out | undefined {
    const goodbye = this.#goodbye as Out | undefined;
    this.#goodbye = undefined;
    return goodbye;
  }

  /** Tells who was told of the connection that it is over, and then calls `onTold`. False when that takes time. */
  disconnect(reason: CloseReason, onTold: () => void): boolean {
    const { onDisconnect } = this.#settings;
    let told: PromiseLike<void> | undefined | void;
    if (this.#connected) {
      this.report(() => {
        told = onDisconnect?.(this.#session, reason);
      });
    }
    if (told === undefined) onTold();
    else void this.#await(told, onTold);
    return told === undefined;
  }

  /** Nobody waits any longer until all is told. */
  giveUp(): void {
    this.#onError(new SpillwayError("handler-timeout", "onDisconnect did not finish in time"));
  }

  /** Runs what must not keep the connection from its orderly end. */
  report(run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#onError(asHandlerError(cause));
    }
  }

  async #await(told: PromiseLike<void>, onTold: () => void): Promise<void> {
    try {
      await told;
    } catch (cause) {
      this.#onError(asHandlerError(cause));
    }
    onTold();
  }
}

function asHandlerError(cause: unknown): SpillwayError {
  return cause instanceof SpillwayError ? cause : handlerError(cause);
}
