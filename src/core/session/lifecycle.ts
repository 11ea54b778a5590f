import { type CloseReason, SpillwayError } from "../errors/errors.ts";
import { handlerError } from "../errors/faults.ts";
import type { HookExchange } from "../handler/exchange.ts";
import type { Reply } from "../handler/handler.ts";
import { isPromiseLike } from "../handler/pending_results.ts";
import type { ServedSession } from "./served_session.ts";
import type { Hooks } from "./session_settings.ts";

/** What it is told about. */
interface Told<Out, State> {
  readonly session: ServedSession<Out, State>;
  /** What the service itself threw. */
  onHandlerError(error: SpillwayError): void;
  /** What was waited for is done. */
  onSettled(): void;
}

/** The hooks whose errors are reported, and change nothing else. */
type ReportedHook = "onDrain" | "onDisconnect";

/** What a service wants to be told of a connection, and what it says on these occasions. */
export class Lifecycle<In, Out, State> {
  /** Who says goodbye: an upgrade may change it. */
  onDrain: Hooks<In, Out, State>["onDrain"];
  /** Who hears of the peer's FIN: the same, and once. */
  onEnd: Hooks<In, Out, State>["onEnd"];
  readonly #hooks: Hooks<In, Out, State>;
  readonly #told: Told<Out, State>;
  #connected = false;
  /** What is sent last when the server drains; while it is still being made, the promise. */
  #goodbye: Out | undefined | void;
  #asked: PromiseLike<Out | undefined | void> | undefined;

  constructor(hooks: Hooks<In, Out, State>, told: Told<Out, State>) {
    this.#hooks = hooks;
    this.#told = told;
    this.onDrain = hooks.onDrain;
    this.onEnd = hooks.onEnd;
  }

  /** Makes the connection's state, and greets. */
  connect(exchange: HookExchange<Out, State>): Reply<Out> | PromiseLike<Reply<Out>> {
    const { session } = this.#told;
    const { onConnect, state } = this.#hooks;
    if (state !== undefined) {
      exchange.hook = "state";
      session.state = state(session.connection);
      exchange.hook = "onConnect";
    }
    this.#connected = true;
    return onConnect?.(session, exchange);
  }

  /** Whether a goodbye is being made. */
  get asking(): boolean {
    return this.#asked !== undefined;
  }

  /** Asks for the goodbye, of whoever says it now. */
  askGoodbye(): void {
    this.#goodbye = this.#asked = undefined;
    this.report("onDrain", () => {
      const goodbye = this.onDrain?.(this.#told.session);
      if (isPromiseLike(goodbye)) void this.#awaitGoodbye(goodbye);
      else this.#goodbye = goodbye;
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
    let told: PromiseLike<void> | undefined | void;
    if (this.#connected) {
      this.report("onDisconnect", () => {
        told = this.#hooks.onDisconnect?.(this.#told.session, reason);
      });
    }
    if (told === undefined) onTold();
    else void this.#await(told, onTold);
    return told === undefined;
  }

  /** Nobody waits any longer until all is told. */
  giveUp(): void {
    this.#told.onHandlerError(new SpillwayError("handler-timeout", "onDisconnect did not finish in time"));
  }

  /** Runs what must not keep the connection from its orderly end; `hook` is what it belongs to. */
  report(hook: ReportedHook, run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#told.onHandlerError(asHandlerError(cause, hook));
    }
  }

  async #awaitGoodbye(asked: PromiseLike<Out | undefined | void>): Promise<void> {
    this.#asked = asked;
    let goodbye: Out | undefined | void;
    try {
      goodbye = await asked;
    } catch (cause) {
      this.#told.onHandlerError(asHandlerError(cause, "onDrain"));
    }
    // Somebody else may have been asked meanwhile.
    if (this.#asked !== asked) return;
    this.#asked = undefined;
    this.#goodbye = goodbye;
    this.#told.onSettled();
  }

  async #await(told: PromiseLike<void>, onTold: () => void): Promise<void> {
    try {
      await told;
    } catch (cause) {
      this.#told.onHandlerError(asHandlerError(cause, "onDisconnect"));
    }
    onTold();
  }
}

function asHandlerError(cause: unknown, hook: ReportedHook): SpillwayError {
  return cause instanceof SpillwayError ? cause : handlerError(cause, hook);
}
