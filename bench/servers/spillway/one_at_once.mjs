// @ts-check
import { serveAtOnce } from "./at_once.mjs";

await serveAtOnce(1);
