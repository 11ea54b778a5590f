/**
 * The policy for a push that finds no room because the peer does not read:
 *
 * - `"drop"`: the push is dropped.
 * - `"drop-oldest"`: the pushes that have waited longest are dropped, except those that are being written. Replies are not dropped.
 * - `"reset"`: the connection is reset, with the reason `slow-consumer`.
 */
export type SlowConsumerPolicy = "drop" | "drop-oldest" | "reset";
