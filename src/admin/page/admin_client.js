// @ts-check
import { askToken, forgetToken, storedToken } from "./token.js";

const TIMEOUT_MS = 8_000;

/** The endpoint has answered with an error. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>}
 */
export async function getJson(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return await jsonOf(response);
}

/** @param {string} path */
export async function getText(path) {
  const response = await fetch(path, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Refused(response.status, `${path} answers ${response.status}`);
  return await response.text();
}

/**
 * Changes something. Asks for the token if there is none, or if it is wrong.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @param {number} [timeoutMs]
 * @returns {Promise<any>} undefined when the user has given no token
 */
export async function change(method, path, body, timeoutMs = TIMEOUT_MS) {
  for (let wrong = false; ; wrong = true) {
    const token = storedToken() ?? (await askToken(wrong));
    if (token === undefined) return undefined;
    const response = await fetch(path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (response.status !== 401) return await jsonOf(response);
    forgetToken();
  }
}

/** @param {Response} response */
async function jsonOf(response) {
  const answer = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  throw new Refused(response.status, answer?.error?.message ?? `the endpoint answers ${response.status}`);
}
