/** See `Transport.afterIo`: an immediate comes behind the input that has arrived. */
export function afterIo(callback: () => void): void {
  setImmediate(callback);
}
