import { clearInterval, clearTimeout, setInterval, setTimeout } from "node:timers";
import type { DrainSignal } from "../../core/mod.ts";
import type { Environment } from "../environment.ts";
import { EXIT_INTERRUPTED } from "../failure.ts";
import { type AdminClient, AdminFailure } from "./admin_client.ts";
import type { ConnectionId } from "./connection_id.ts";
import { hangUp } from "./hang_up.ts";
import { type Action, pressed } from "./key_press.ts";
import { Keys } from "./keys.ts";
import type { Look, LookQuery, Looks } from "./look.ts";
import { orderedRows, serverSort } from "./row_order.ts";
import { rowsOfPage, screenLines } from "./screen.ts";
import type { Terminal } from "./terminal.ts";
import { settled, type ViewState } from "./view_state.ts";

/** ESC alone is a key when nothing has followed it for this long. */
const ESCAPE_MS = 50;
/** However fast keys ask for a look, the endpoint has this time between two. */
const LEAST_PAUSE_MS = 100;
/** An answer that takes longer than this is spoken of. */
const PATIENCE_MS = 1_500;
const REDRAW_MS = 1_000;
const SIGNALS: readonly DrainSignal[] = ["SIGINT", "SIGTERM", "SIGQUIT"];

/** The surroundings of a live view. */
export interface LiveViewParts {
  readonly place: string;
  readonly client: AdminClient;
  readonly looks: Looks;
  readonly terminal: Terminal;
  readonly state: ViewState;
  readonly intervalMs: number;
  readonly limit: number;
  /** Whether there is a token, so that connections can be closed. */
  readonly hasToken: boolean;
  readonly environment: Pick<Environment, "stdio" | "signals" | "uncaught">;
}

/**
 * Shows a server until a key, a signal, or the loss of the terminal ends that. Fulfils with the exit code.
 *
 * - **One request at a time**: a look begins when the one before has ended, however many keys ask for it.
 * - **The terminal is given back** whatever ends the view.
 */
export async function liveView(parts: LiveViewParts): Promise<number> {
  return await new LiveView(parts).run();
}

class LiveView {
  readonly #parts: LiveViewParts;
  readonly #keys = new Keys();
  #state: ViewState;
  #look: Look | undefined;
  #problem: string | undefined;
  /** When the look that is under way began. */
  #lookingSince: number | undefined;
  #hurry = false;
  /** Whether the next look waits for nothing but its time. */
  #resting = false;
  #wake: () => void = () => undefined;
  #closing = false;
  #over = false;
  /** Whether the terminal is gone, or somebody says so. */
  #lost = false;
  #escape: ReturnType<typeof setTimeout> | undefined;
  #end!: (code: number) => void;
  #fail!: (error: unknown) => void;
  readonly #ended: Promise<number>;

  constructor(parts: LiveViewParts) {
    this.#parts = parts;
    this.#state = parts.state;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
  }

  async run(): Promise<number> {
    const { client, environment, terminal } = this.#parts;
    const { signals, stdio, uncaught } = environment;
    const { stdin, stdout } = stdio;
    const interrupted = () => this.#end(EXIT_INTERRUPTED);
    const failed = (thrown: unknown) => this.#fail(thrown);
    const typed = (text: string) => this.#onInput(text);
    const resized = () => this.#onResize();
    const lost = () => {
      this.#lost = true;
      interrupted();
    };
    signals.on("SIGHUP", lost);
    for (const signal of SIGNALS) signals.on(signal, interrupted);
    uncaught.on("uncaughtException", failed);
    uncaught.on("unhandledRejection", failed);
    const redraw = setInterval(() => this.#draw(), REDRAW_MS);
    try {
      terminal.open();
      stdin.setEncoding("utf8");
      stdin.on("data", typed).on("end", lost).on("close", lost).on("error", lost);
      stdout.on("resize", resized);
      this.#draw();
      this.#lookAgainAndAgain().catch(failed);
      return await this.#ended;
    } finally {
      this.#over = true;
      this.#wake();
      clearInterval(redraw);
      clearTimeout(this.#escape);
      stdin.off("end", lost).off("close", lost);
      await terminal.close();
      if (this.#lost) hangUp();
      client.close();
      stdout.off("resize", resized);
      stdin.off("data", typed);
      stdin.destroy();
      uncaught.off("uncaughtException", failed);
      uncaught.off("unhandledRejection", failed);
      for (const signal of SIGNALS) signals.off(signal, interrupted);
    }
  }

  async #lookAgainAndAgain(): Promise<void> {
    while (!this.#over) {
      const begun = performance.now();
      this.#hurry = false;
      if (!this.#state.paused) await this.#lookOnce();
      const left = this.#parts.intervalMs - (performance.now() - begun);
      await this.#pause(LEAST_PAUSE_MS);
      this.#resting = true;
      if (!this.#hurry) await this.#pause(left - LEAST_PAUSE_MS);
      this.#resting = false;
    }
  }

  async #lookOnce(): Promise<void> {
    const { looks } = this.#parts;
    this.#lookingSince = performance.now();
    try {
      const query = this.#query();
      this.#look = await looks.next(query);
      this.#problem = undefined;
    } catch (error) {
      if (!(error instanceof AdminFailure)) throw error;
      // With a status, somebody has answered.
      this.#problem = `${error.status === undefined ? "unreachable, " : ""}trying again: ${error.message}`;
    } finally {
      this.#lookingSince = undefined;
    }
    this.#draw();
  }

  #query(): LookQuery {
    const { sort, descending, address, group, mode } = this.#state;
    const shown = mode.name === "close" ? mode.before : mode;
    return {
      serverSort: serverSort(sort),
      descending,
      address,
      group,
      limit: this.#parts.limit,
      detailsOf: shown.name === "details" ? shown.id : undefined,
    };
  }

  /** Waits, or until `#wake` is called. */
  async #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#over) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #onInput(text: string): void {
    clearTimeout(this.#escape);
    for (const key of this.#keys.push(text)) this.#onKey(key);
    if (this.#keys.unfinished) {
      this.#escape = setTimeout(() => {
        for (const key of this.#keys.flush()) this.#onKey(key);
        this.#draw();
      }, ESCAPE_MS);
    }
    this.#draw();
  }

  #onKey(key: string): void {
    const rows = this.#rows();
    const pageRows = rowsOfPage(this.#parts.terminal.size, this.#look);
    const { state, action } = pressed(this.#state, key, { rows, pageRows, cannotClose: this.#cannotClose() });
    // A key is pressed at the rows that the keys before it have left.
    this.#state = settled(state, orderedRows(rows, state.sort, state.descending), pageRows);
    if (action !== undefined) this.#act(action);
  }

  #act(action: Action): void {
    switch (action.name) {
      case "quit":
        return this.#end(0);
      case "interrupt":
        return this.#end(EXIT_INTERRUPTED);
      case "repaint":
        return this.#parts.terminal.forget();
      case "look":
        return this.#lookSoon();
      default:
        void this.#close(action.id, action.reset);
    }
  }

  #lookSoon(): void {
    this.#hurry = true;
    if (this.#resting) this.#wake();
  }

  #cannotClose(): string | undefined {
    if (!this.#parts.hasToken) return "closing needs the token of the endpoint: start top with --token-file";
    if (this.#look?.head.changes === false)
      return "the endpoint has no token: start the server with --admin-token-file";
    return this.#closing ? "the last close has not been answered yet" : undefined;
  }

  async #close(id: ConnectionId, reset: boolean): Promise<void> {
    this.#closing = true;
    this.#tell(`closing connection ${id}`, "dim");
    try {
      await this.#parts.client.delete(`/connections/${id}${reset ? "?reset" : ""}`);
      this.#tell(reset ? `connection ${id} was reset` : `connection ${id} is closing in order`, "good");
    } catch (error) {
      if (!(error instanceof AdminFailure)) return this.#fail(error);
      this.#tell(`connection ${id} was not closed: ${error.message}`, "bad");
    } finally {
      this.#closing = false;
    }
    this.#lookSoon();
  }

  #tell(text: string, tone: "dim" | "good" | "bad"): void {
    this.#state = { ...this.#state, notice: { text, tone } };
    this.#draw();
  }

  #onResize(): void {
    this.#parts.terminal.forget();
    this.#draw();
  }

  #rows() {
    return orderedRows(this.#look?.rows ?? [], this.#state.sort, this.#state.descending);
  }

  #draw(): void {
    if (this.#over) return;
    const { limit, place, terminal } = this.#parts;
    const { size } = terminal;
    this.#state = settled(this.#state, this.#rows(), rowsOfPage(size, this.#look));
    const view = { place, state: this.#state, look: this.#look, problem: this.#trouble(), limit };
    terminal.show(screenLines(view, size));
  }

  #trouble(): string | undefined {
    const waited = this.#lookingSince === undefined ? 0 : performance.now() - this.#lookingSince;
    if (this.#problem !== undefined || waited < PATIENCE_MS) return this.#problem;
    return `no answer for ${Math.floor(waited / 1_000)} s`;
  }
}
