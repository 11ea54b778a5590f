/** Everything odd that can be thrown, and what its description contains. */
const revoked = Proxy.revocable(new Error("gone"), {});
revoked.revoke();

const throwing = (): never => {
  throw new Error("a trap");
};
const everyTrap = {
  get: throwing,
  has: throwing,
  getPrototypeOf: throwing,
  getOwnPropertyDescriptor: throwing,
  ownKeys: throwing,
};

/** An Error on which reading `names` throws. */
function errorWithout(...names: string[]): Error {
  const error = new Error("unread");
  for (const name of names) Object.defineProperty(error, name, { get: throwing });
  return error;
}

export const HOSTILE: readonly (readonly [name: string, thrown: unknown, text: string])[] = [
  ["an Error", new Error("plain"), "plain"],
  ["an Error without a message", Object.assign(new RangeError("x"), { message: "" }), "RangeError"],
  ["an Error whose message throws", errorWithout("stack", "message"), "Error"],
  [
    "an Error on which nothing can be read",
    errorWithout("stack", "message", "name", "cause", "code", "toString"),
    "an error that cannot be described",
  ],
  [
    "an Error whose message is no text",
    Object.assign(new Error("x"), { message: 7, name: Symbol("x") }),
    "an error that cannot be described",
  ],
  ["a Symbol", Symbol("odd"), "Symbol(odd)"],
  ["an object with a message that is no Error", { message: "parse error" }, "parse error"],
  ["an object whose message is empty", { message: "" }, "[object Object]"],
  ["undefined", undefined, "undefined"],
  ["null", null, "null"],
  ["a BigInt", 12n, "12"],
  ["a string", "text", "text"],
  ["an object without a prototype", Object.create(null), "an object that cannot be described"],
  ["an object whose toString throws", { toString: throwing }, "an object that cannot be described"],
  [
    "an object whose toString gives an object",
    { toString: () => ({}), valueOf: () => ({}) },
    "an object that cannot be described",
  ],
  [
    "a function whose toString throws",
    Object.assign(() => 1, { toString: throwing }),
    "a function that cannot be described",
  ],
  [
    "a Proxy of an Error whose every trap throws",
    new Proxy(new Error("x"), everyTrap),
    "an object that cannot be described",
  ],
  [
    "a Proxy of an Error that cannot be read",
    new Proxy(new Error("x"), { get: throwing }),
    "an error that cannot be described",
  ],
  ["a revoked Proxy", revoked.proxy, "an object that cannot be described"],
];
