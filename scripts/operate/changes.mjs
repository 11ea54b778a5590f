// @ts-check
// Can curl change anything without the token?
import { run } from "../commands.mjs";

/** @typedef {import("./operated_server.mjs").OperatedServer} OperatedServer */

const METHODS = ["POST", "PUT", "DELETE", "PATCH", "GET", "HEAD", "OPTIONS"];
const WRONG_TOKENS = [
  undefined,
  "",
  "Bearer",
  "Bearer x",
  "Basic dXNlcjpwYXNz",
  "Bearer the-token-of-whoever-operates-i",
];

/**
 * Sends every method to every route that changes something, without the token and with wrong ones.
 *
 * @param {OperatedServer} server which has the connection `id`
 * @param {number} id
 * @returns {Promise<string[]>} what was accepted, or has changed
 */
export async function tryChanges(server, id) {
  const paths = ["/drain", "/log-level", `/connections/${id}`, `/connections/${id}?reset`, "/config", "/stats"];
  /** @type {string[]} */
  const wrong = [];
  for (const path of paths) {
    for (const method of METHODS) {
      for (const authorization of WRONG_TOKENS) {
        const status = await curl(server, { method, path, authorization });
        const reads = method === "GET" || method === "HEAD";
        // Too many requests would prove nothing.
        const refused = status >= 400 && status < 500 && status !== 429;
        // To ask is no change.
        if (!refused && !(reads && status === 200)) wrong.push(`${method} ${path}: ${status} for ${authorization}`);
      }
    }
  }
  return [...wrong, ...(await whatChanged(server, id))];
}

/** @param {OperatedServer} server @param {number} id @returns {Promise<string[]>} */
export async function whatChanged(server, id) {
  /** @type {string[]} */
  const changed = [];
  const ready = await fetch(`${server.url}/readyz`);
  if (ready.status !== 200) changed.push(`the server is not ready: ${await ready.text()}`);
  const connection = await fetch(`${server.url}/connections/${id}`);
  if (connection.status !== 200) changed.push(`connection ${id} is gone: ${await connection.text()}`);
  if (server.logged("signal").length > 0) changed.push("the server drains");
  return changed;
}

/**
 * @param {OperatedServer} server
 * @param {{ method: string, path: string, authorization: string | undefined }} request
 */
async function curl({ url }, { method, path, authorization }) {
  const body =
    method === "POST" || method === "PUT" ? ["-H", "Content-Type: application/json", "-d", '{"level":"error"}'] : [];
  const { output } = await run({
    command: "curl",
    args: [
      "-s",
      "-o",
      process.platform === "win32" ? "NUL" : "/dev/null",
      "-w",
      "%{http_code}",
      "--max-time",
      "10",
      ...(method === "HEAD" ? ["--head"] : ["-X", method]),
      ...(authorization === undefined ? [] : ["-H", `Authorization: ${authorization}`]),
      ...body,
      `${url}${path}`,
    ],
  });
  return Number(output);
}
