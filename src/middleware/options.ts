/** Checks of the options of middleware. */
import { checkNumber } from "../core/mod.ts";

/** The longest delay of the timers of every runtime. */
export const MAX_DELAY_MS: number = 2 ** 31 - 1;

/** @throws {TypeError} not a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${typeof value}`);
}

/** @throws {TypeError | RangeError} not a number of milliseconds that a timer can wait for */
export function checkDelay(name: string, value: number): void {
  checkNumber(name, value);
  if (value > 0 && (value <= MAX_DELAY_MS || value === Infinity)) return;
  throw new RangeError(`${name} must be more than 0 and at most ${MAX_DELAY_MS} ms, or Infinity, not ${value}`);
}

/** @throws {TypeError | RangeError} not a finite number above 0 */
export function checkRate(name: string, value: number): void {
  checkNumber(name, value);
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be a finite number above 0, not ${value}`);
}
