// @ts-check
// The control line of a process under the bench: one JSON request a line on stdin, one JSON reply a line on stdout, in order.
import process from "node:process";
import { createInterface } from "node:readline";

/** @typedef {{ do: string }} Request what to do; a command knows what else it needs */
/** @typedef {(request: any) => object | Promise<object>} Command */

/**
 * Answers requests `{ do: name, … }` until stdin ends. Then the process ends too, so that it never outlives the runner.
 *
 * @param {Record<string, Command>} commands
 */
export async function answerControl(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = /** @type {Request} */ (JSON.parse(line));
    try {
      const command = commands[request.do];
      if (command === undefined) throw new Error(`no command ${request.do}`);
      say(await command(request));
    } catch (error) {
      say({ error: String(error) });
    }
  }
  process.exit(0);
}

/** Returns the CPU time that this process has used so far: of all its threads, user and system. */
export function cpuMicros() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The first message says that the process is ready. @param {object} message */
export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
