/** A value that can stand without quotes. It has no spaces, separators, quotes or characters beyond ASCII. */
const PLAIN = /^[!#-<>-[\]-~]+$/;

/** Returns fields as one line of logfmt, without its line break: `id=7 remote=[::1]:5000 reason=remote-closed`. */
export function logfmt(fields: Readonly<Record<string, string | number | boolean>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? quoted(value) : value}`)
    .join(" ");
}

/** A quoted value is a string of JSON, as in the logfmt of Go. */
function quoted(value: string): string {
  return PLAIN.test(value) ? value : JSON.stringify(value);
}
