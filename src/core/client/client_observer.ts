import type { Client } from "./client.ts";
import type { ClientEvent } from "./client_event.ts";

/**
 * Receives every event, synchronously, with the client. The first events come before `connect()` has returned. An
 * observer may call any method of the client. An exception of the observer is counted
 * (`client.stats().observerErrors`), reported with `console.error`, and not propagated.
 */
export type ClientObserver<In = unknown, Out = unknown> = (event: ClientEvent, client: Client<In, Out>) => void;
