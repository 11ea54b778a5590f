import type { Invariant } from "../simulation.ts";
import { Accepting } from "./accepting.ts";
import { Deadlines } from "./deadlines.ts";
import { DrainEnds } from "./drain_ends.ts";
import { Establishing } from "./establishing.ts";
import { EventOrder } from "./event_order.ts";
import { Fairness } from "./fairness.ts";
import { Healthy } from "./healthy.ts";
import { NothingLeft } from "./nothing_left.ts";
import { OneEnd } from "./one_end.ts";
import { Silence } from "./silence.ts";
import { Sums } from "./sums.ts";

/** Returns the invariants of every service. */
export function everyInvariant(): Invariant[] {
  return [
    new OneEnd(),
    new EventOrder(),
    new Sums(),
    new Accepting(),
    new Establishing(),
    new Silence(),
    new Deadlines(),
    new Healthy(),
    new Fairness(),
    new DrainEnds(),
    new NothingLeft(),
  ];
}
