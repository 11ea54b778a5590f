// @ts-check
import { change, Refused } from "./admin_client.js";
import { byId, setText } from "./element.js";
import { many } from "./format.js";
import { toast } from "./toast.js";

const dialog = byId("drain-dialog", HTMLDialogElement);
const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));

/**
 * Asks whether to drain the server, or to abort what a drain has left.
 *
 * @param {number} connections
 * @param {boolean} draining
 */
export function askDrain(connections, draining) {
  const open = many(connections, "connection");
  setText(byId("drain-title", HTMLElement), draining ? "Abort what is left?" : "Drain the server?");
  setText(
    byId("drain-text", HTMLElement),
    draining
      ? `${open} still open will be aborted at once. What they have in flight is lost.`
      : `The server accepts nothing new, lets ${open} finish what was received, and ends. This cannot be undone.`,
  );
  for (const row of form.querySelectorAll(".row")) /** @type {HTMLElement} */ (row).hidden = draining;
  setText(byId("confirm-drain", HTMLElement), draining ? "Abort them" : "Drain");
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener("close", () => void (dialog.returnValue === "drain" && drain(draining)), { once: true });
}

/** @param {boolean} force */
async function drain(force) {
  const grace = Number(field("grace").value);
  const timeout = Number(field("timeout").value);
  const options = { ...(grace > 0 && { graceMs: 1_000 * grace }), ...(timeout > 0 && { timeoutMs: 1_000 * timeout }) };
  try {
    const done = await change("POST", "/drain", force ? { force: true } : options);
    if (done !== undefined) toast(force ? "What was left is aborted." : "The server drains.");
  } catch (error) {
    toast(error instanceof Refused || error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} name */
function field(name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}
