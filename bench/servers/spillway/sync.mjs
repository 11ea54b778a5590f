// @ts-check
import { lines, serve } from "../../../dist/mod.js";
import { controlServer } from "../control.mjs";
import { deadlines } from "./deadlines.mjs";

/** The longest of the bench. */
const MAX_LINE_BYTES = 1_048_576;

const codec = lines({ maxFrameBytes: MAX_LINE_BYTES });
const server = await serve({ ...deadlines, port: 0, codec, handler: (line) => line });
await controlServer(server.address.port);
