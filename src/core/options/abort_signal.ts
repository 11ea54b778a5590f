/** @throws {TypeError} not an AbortSignal */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || (typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function"))
    return;
  throw new TypeError("signal must be an AbortSignal");
}
