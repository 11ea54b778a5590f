/**
 * What happens to a frame that is sent to somebody who does not read, when there is no room for it:
 *
 * - `"drop"`: it is dropped.
 * - `"drop-oldest"`: what waits for longest is dropped for it, as far as that is not being written yet, and no reply.
 * - `"reset"`: the connection is reset, as `slow-consumer`.
 */
export type SlowConsumerPolicy = "drop" | "drop-oldest" | "reset";
