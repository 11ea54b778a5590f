// @ts-check
// The beginning of scripts with options: `--help`, and a line and exit code 2 for invalid arguments.
import { Command, InvalidArgumentError } from "commander";

/**
 * The command line of `npm run NAME -- [options]`.
 *
 * @param {string} name
 * @param {string} about what it does, in a sentence
 */
export function script(name, about) {
  return new Command(`npm run ${name} --`)
    .description(about)
    .helpOption("-h, --help", "print this help")
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** Returns the parser of an option that is a whole number. @param {number} least @param {number} [most] */
export function wholeNumber(least, most = Number.MAX_SAFE_INTEGER) {
  const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
  return (/** @type {string} */ text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Write a whole number ${range}.`);
  };
}

/** Refuses a value that begins like an option: the option before it was given no value. @param {string} text */
export function nameOrFile(text) {
  if (!text.startsWith("-")) return text;
  throw new InvalidArgumentError("It begins like an option.");
}

/** Says what is wrong, and ends. @param {string} why @returns {never} */
export function refuse(why) {
  console.error(`error: ${why}`);
  process.exit(2);
}

/** Goes on only after success. @param {import("./commands.mjs").Outcome} outcome */
export function succeed({ ok, output }) {
  if (ok) return;
  console.error(output);
  process.exit(1);
}
