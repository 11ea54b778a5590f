// @ts-check
import { cpuMicros } from "../control.mjs";

/** What something takes, and how busy this process is with it. */
export class Stopwatch {
  #began = performance.now();
  #cpuBefore = cpuMicros();

  read() {
    const seconds = (performance.now() - this.#began) / 1000;
    return { seconds, busy: (cpuMicros() - this.#cpuBefore) / 1e6 / seconds };
  }
}
