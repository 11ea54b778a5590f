/** Returns whether a reply is a promise or another thenable. */
export function isPromiseLike<Value>(answer: Value | PromiseLike<Value>): answer is PromiseLike<Value> {
  return typeof answer === "object" && answer !== null && typeof (answer as PromiseLike<Value>).then === "function";
}
