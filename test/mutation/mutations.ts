import { ACCEPTING } from "./accepting.ts";
import { ADAPTING } from "./adapting.ts";
import { ASKING } from "./asking.ts";
import { CARRYING } from "./carrying.ts";
import { CLUSTERING } from "./clustering.ts";
import { DECODING } from "./decoding.ts";
import { ENDING } from "./ending.ts";
import { ESTABLISHING } from "./establishing.ts";
import { HANDLING } from "./handling.ts";
import type { Mutated } from "./mutation.ts";
import { READING } from "./reading.ts";
import { SENDING } from "./sending.ts";
import { SHARING } from "./sharing.ts";
import { SPENDING } from "./spending.ts";
import { WATCHING } from "./watching.ts";

/** Breakages of the core and of the adapters, each of which the simulator or a test must notice. */
export const MUTATIONS: readonly Mutated[] = [
  ...READING,
  ...DECODING,
  ...HANDLING,
  ...SENDING,
  ...CARRYING,
  ...WATCHING,
  ...ENDING,
  ...ACCEPTING,
  ...ESTABLISHING,
  ...SHARING,
  ...SPENDING,
  ...ASKING,
  ...CLUSTERING,
  ...ADAPTING,
];
