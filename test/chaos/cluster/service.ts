// The service of a cluster under a storm. When a connection ends, it writes how many requests of it were handled.
import { appendFileSync } from "node:fs";
import process from "node:process";
import { defineService } from "spillway";
import { makeService } from "../services.ts";
import { connectionName, HANDLED_VARIABLE, type Handled, SPIN } from "./handled.ts";

const { onDrain: _, handler, ...compute } = makeService("compute");
const file = process.env[HANDLED_VARIABLE] ?? "";
const handled = new Map<number, number>();

export default defineService({
  ...compute,
  onConnect: ({ connection }) => {
    handled.set(connection.id, 0);
    return `hello ${connectionName(process.pid, connection.id)}`;
  },
  handler: (request: string, context) => {
    if (request === SPIN) for (;;);
    const { id } = context.session.connection;
    handled.set(id, (handled.get(id) ?? 0) + 1);
    return handler(request, context);
  },
  onDisconnect: ({ connection: { id } }, reason) => {
    const ended: Handled = { name: connectionName(process.pid, id), requests: handled.get(id) ?? 0, reason };
    handled.delete(id);
    appendFileSync(file, `${JSON.stringify(ended)}\n`);
  },
});
