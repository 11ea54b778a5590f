import { nearest } from "./nearest.ts";

/** The names of an interface's options. The compiler keeps it complete. */
export type OptionNames<Options> = Readonly<Record<keyof Options, true>>;

/**
 * Refuses unknown options, which otherwise would be ignored when misspelt. An unknown option whose value is `undefined`
 * is refused too. Inherited properties are not checked.
 *
 * @throws {TypeError} an unknown option, with the name that was probably meant; `options` is not an object
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
