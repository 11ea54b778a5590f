/** Received bytes. They are never in shared memory, so they can be passed to any WHATWG stream. */
export type Bytes = ReturnType<typeof Uint8Array.of>;
