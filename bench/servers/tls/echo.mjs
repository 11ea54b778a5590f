// @ts-check
// Answers lines with themselves, over TLS; with --bytes whatever was received, unread.
import process from "node:process";
import { bytes } from "../../../dist/core/codecs/mod.js";
import { lines, serve } from "../../../dist/mod.js";
import { tls } from "../../../dist/tls/mod.js";
import { controlServer } from "../control_server.mjs";
import { deadlines } from "../spillway/deadlines.mjs";
import { certificate } from "./certificate.mjs";

const options = { ...deadlines, port: 0, hostname: "127.0.0.1", establish: [tls(certificate)] };
const server = process.argv.includes("--bytes")
  ? await serve({ ...options, codec: bytes(), handler: (chunk) => chunk })
  : await serve({ ...options, codec: lines(), handler: (line) => line });
await controlServer(server.address.port);
