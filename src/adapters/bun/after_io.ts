/** See `Transport.afterIo`: an immediate runs after the input that has arrived. */
export function afterIo(callback: () => void): void {
  setImmediate(callback);
}
