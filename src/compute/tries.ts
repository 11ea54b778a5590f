import { type FleetError, fleetError, isFleetError } from "./errors.ts";
import type { WorkerReply } from "./fleet_message.ts";
import { LostTry } from "./lost_try.ts";
import { putTogether } from "./thrown.ts";

/** The rules of {@link Tries}. */
export interface TriesOptions {
  readonly maxTries: number;
  readonly idempotent: boolean;
}

/** Makes one try. Rejects with a {@link LostTry}, or with an error that ends the frame. */
export type MakeTry = (number: number) => Promise<WorkerReply>;

type Answer = Exclude<WorkerReply, { readonly kind: "refused" }>;

/**
 * The rules of repetition, and the counts of a fleet. A frame that was provably not handled is tried again, and with `idempotent` one
 * that may have been; never more than `maxTries` times in all.
 */
export class Tries {
  answered = 0;
  failed = 0;
  retries = 0;
  readonly #options: TriesOptions;

  constructor(options: TriesOptions) {
    this.#options = options;
  }

  /** Returns the reply. @throws the error of the worker's handler, the signal's reason, or a {@link FleetError} */
  async reply(signal: AbortSignal, make: MakeTry): Promise<unknown> {
    const answer = await this.#counted(signal, make);
    // The error of a handler is an answer.
    if (answer.kind === "error") throw putTogether(answer.error);
    return answer.value;
  }

  async #counted(signal: AbortSignal, make: MakeTry): Promise<Answer> {
    try {
      const answer = await this.#answer(signal, make);
      this.answered += 1;
      return answer;
    } catch (error) {
      if (isFleetError(error)) this.failed += 1;
      throw error;
    }
  }

  async #answer(signal: AbortSignal, make: MakeTry): Promise<Answer> {
    for (let number = 1; ; number++) {
      try {
        const answer = await make(number);
        if (answer.kind !== "refused") return answer;
        throw new LostTry(refused(number), true);
      } catch (lost) {
        if (!(lost instanceof LostTry)) throw lost;
        signal.throwIfAborted();
        if (number >= this.#options.maxTries || !(lost.unhandled || this.#options.idempotent)) throw lost.error;
        this.retries += 1;
      }
    }
  }
}

function refused(number: number): FleetError {
  return fleetError(
    "fleet-busy",
    `${number === 1 ? "the worker" : `each of ${number} workers`} refused the frame: none has room`,
  );
}
