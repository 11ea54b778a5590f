import { type Framing, LINES, NETSTRINGS, PREFIXED } from "../support/framings.ts";
import type { ServiceName } from "./services.ts";

/** The framing that the peers of each service speak. */
export const FRAMINGS: Readonly<Record<ServiceName, Framing>> = {
  echo: LINES,
  compute: PREFIXED,
  stream: NETSTRINGS,
  "group-drop": LINES,
  "group-oldest": NETSTRINGS,
  "group-reset": PREFIXED,
};
