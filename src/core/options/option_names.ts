import { nearest } from "./nearest.ts";

/** The names of an interface's options. The compiler keeps it complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses options that there are not: a misspelt one would be ignored otherwise. One whose value is `undefined` is refused too, as
 * that is no reason for another name. What an object inherits is not looked at.
 *
 * @throws {TypeError} an option that there is not, with the one that was probably meant; no options at all
 */
export function checkOptions(options: object, names: Readonly<Record<string, true>>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`options must be an object, not ${options === null ? "null" : typeof options}`);
  }
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const meant = nearest(name, Object.keys(names));
    throw new TypeError(`unknown option ${name}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
  }
}
