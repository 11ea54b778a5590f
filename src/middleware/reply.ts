/** Which kind of answer came back from `next`: what is no promise and no stream was there at once. */

export function isPromiseLike<Value>(answer: Value | PromiseLike<Value>): answer is PromiseLike<Value> {
  return typeof answer === "object" && answer !== null && "then" in answer && typeof answer.then === "function";
}

export function isStream(answer: unknown): answer is AsyncIterable<never> {
  return typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer;
}
