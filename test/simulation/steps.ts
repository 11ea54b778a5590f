import {
  type Connection,
  type EstablishContext,
  type EstablishStep,
  identify,
  readHead,
  SpillwayError,
} from "../../src/core/mod.ts";
import type { Random } from "../../src/testing/random.ts";
import type { Simulation } from "../../src/testing/simulation.ts";
import { isHead } from "./heads.ts";

/** The act of a step: on every connection, or on some of them by their numbers. */
const KINDS = ["pass", "rename", "tick", "pause", "head", "head", "refuse", "fail", "hang", "late"] as const;
export type StepKind = (typeof KINDS)[number];

const MOST_STEPS = 3;
const PAUSES_MS: readonly number[] = [0, 1, 40, 700, 12_000];
/** How long after its signal a late step settles. */
const LATE_MS = 5;
/** Where connections come from, for a step that says so. */
export const RENAMED = "192.0.2.1";

/** Draws the steps of a service: none, mostly. */
export function drawSteps(random: Random): StepKind[] {
  if (!random.once(3)) return [];
  const kinds = Array.from({ length: random.between(1, MOST_STEPS) }, () => random.pick(KINDS));
  return kinds.filter((kind, index) => kinds.indexOf(kind) === index);
}

/** The record of the steps of one connection. */
export interface Passage {
  /** The steps that were called. */
  readonly called: StepKind[];
  /** The code with which a step has refused it. */
  verdict: string | undefined;
  /** Whether a head is being read. */
  reading: boolean;
}

/** The circumstances of the steps of a service. */
export interface StepSettings {
  readonly seed: number;
  readonly kinds: readonly StepKind[];
  /** Whether the signal is passed on to whoever reads a head. */
  readonly passesSignal: boolean;
  /** Known when the first connection comes. */
  readonly world: () => Simulation;
}

/** The establish steps of a simulated service. */
export class SimulatedSteps {
  readonly passages: Map<number, Passage> = new Map();
  readonly steps: readonly EstablishStep[];
  readonly #settings: StepSettings;

  constructor(settings: StepSettings) {
    this.#settings = settings;
    this.steps = settings.kinds.map(
      (kind): EstablishStep =>
        (connection, context) => {
          this.#passageOf(context).called.push(kind);
          return this.#do(kind, connection, context);
        },
    );
  }

  #do(kind: StepKind, connection: Connection, context: EstablishContext): Connection | Promise<Connection> {
    const { id } = context;
    switch (kind) {
      case "pass":
        return connection;
      case "rename":
        return identify(connection, { remoteAddress: { ...connection.remoteAddress, hostname: RENAMED } as never });
      case "tick":
        return Promise.resolve(connection);
      case "pause":
        return this.#pause(PAUSES_MS[id % PAUSES_MS.length] as number).then(() => connection);
      case "head":
        return this.#readHead(connection, context);
      case "refuse":
        return id % 3 === 0 ? this.#refuse(connection, context) : connection;
      case "fail":
        return this.#fail(connection, context);
      case "hang":
        return id % 3 === 1 ? new Promise(() => {}) : connection;
      case "late":
        return id % 2 === 0 ? this.#settleLate(connection, context) : connection;
    }
  }

  async #readHead(connection: Connection, context: EstablishContext): Promise<Connection> {
    const { seed, passesSignal, world } = this.#settings;
    const passage = this.#passageOf(context);
    const lengthOf = (bytes: Uint8Array) => bytes.indexOf(10) + 1 || undefined;
    passage.reading = true;
    const head = await readHead(connection, lengthOf, passesSignal ? context.signal : undefined).finally(() => {
      passage.reading = false;
    });
    const text = new TextDecoder("latin1").decode(head);
    if (!isHead(seed, text)) world().fail(new Error(`connection ${context.id} has a damaged head: ${text}`));
    if (text.startsWith("knock ")) return connection;
    passage.verdict = "denied";
    throw denied();
  }

  /** Refuses it at once or later, by a reset or in order. */
  #refuse(connection: Connection, context: EstablishContext): Promise<Connection> {
    if (context.id % 2 === 0) void connection.close();
    const refuse = () => {
      this.#passageOf(context).verdict = "denied";
      throw denied();
    };
    return context.id % 4 < 2 ? refuse() : this.#pause(20).then(refuse);
  }

  #fail(connection: Connection, context: EstablishContext): Connection | Promise<Connection> {
    const how = context.id % 5;
    if (how === 0) return connection;
    this.#passageOf(context).verdict = "establish-failed";
    if (how === 1) throw new Error("this step has a fault");
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a step may reject with anything
    if (how === 2) return Promise.reject(Symbol("hostile"));
    return how === 3 ? (undefined as never) : Promise.resolve({} as never);
  }

  /** Settles only when nobody waits any more. */
  #settleLate(connection: Connection, { id, signal }: EstablishContext): Promise<Connection> {
    return new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        void this.#pause(LATE_MS).then(() => (id % 4 === 0 ? resolve(connection) : reject(new Error("too late"))));
      });
    });
  }

  #passageOf({ id }: EstablishContext): Passage {
    const passage = this.passages.get(id) ?? { called: [], verdict: undefined, reading: false };
    this.passages.set(id, passage);
    return passage;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#settings.world().process.setTimeout(resolve, ms));
  }
}

function denied(): SpillwayError<string> {
  return new SpillwayError<string>("denied", "you may not come in");
}
