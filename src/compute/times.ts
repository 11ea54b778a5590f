import { checkNumber } from "../core/mod.ts";

/** The longest timer of every runtime. */
const LONGEST_MS = 2 ** 31 - 1;

/** Returns a number of milliseconds above 0; `Infinity` for a time that no timer can wait for. @throws {TypeError | RangeError} not one */
export function checkTimeout(name: string, value: number): number {
  checkNumber(name, value);
  if (!(value > 0)) throw new RangeError(`${name} must be more than 0 ms (Infinity turns it off), not ${value}`);
  return value > LONGEST_MS ? Infinity : value;
}

/** Returns a number of milliseconds above 0 that ends. @throws {TypeError | RangeError} not one */
export function checkPeriod(name: string, value: number): number {
  if (checkTimeout(name, value) < Infinity) return value;
  throw new RangeError(`${name} must be at most ${LONGEST_MS} ms, not ${value}`);
}

/** Returns a number of milliseconds of at least 0 that ends. @throws {TypeError | RangeError} not one */
export function checkWait(name: string, value: number): number {
  if (value < 0) throw new RangeError(`${name} must be at least 0 ms, not ${value}`);
  return value === 0 ? value : checkPeriod(name, value);
}
