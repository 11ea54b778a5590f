// @ts-check
// A process of the runtime under test that decodes and encodes in memory.
import { answerControl, say } from "../control_line.mjs";
import { decode, encode } from "./per_frame.mjs";

say({});
await answerControl({ decode, encode });
