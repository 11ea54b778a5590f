// @ts-check
/** The function that the workers of all fleets compute. @param {string} line */
export default function shout(line) {
  return line.toUpperCase();
}
