/** The part of the package that the tests of buses use, in one place. */
export { type LocalBusHub, localBus, localBusHub } from "../../../src/buses/local/mod.ts";
export { nats } from "../../../src/buses/nats/mod.ts";
export { redis } from "../../../src/buses/redis/mod.ts";
export { type Bus, transport } from "../../../src/mod.ts";
