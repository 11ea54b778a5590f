// @ts-check
import { change } from "./admin_client.js";
import { byId, element, setText } from "./element.js";
import { compact, count, duration, many, milliseconds } from "./format.js";
import { Rows } from "./rows.js";
import { toast } from "./toast.js";

/** Several workers are replaced one after the other, and each may take its time to get ready. */
const RELOAD_MS = 600_000;
const TONES = /** @type {Record<string, string>} */ ({
  serving: "good",
  starting: "note",
  draining: "warn",
  killed: "bad",
});

const dialog = byId("worker-dialog", HTMLDialogElement);

/** The workers of a server with several processes. */
export class WorkersPanel {
  #summary = byId("workers-summary", HTMLOutputElement);
  #replaceAll = byId("replace-all", HTMLButtonElement);
  #rows = new Rows(
    byId("workers", HTMLElement),
    ({ pid }) => String(pid),
    makeRow,
    (row, worker) => this.#update(row, worker),
  );
  #changes = false;
  #reloading = false;
  /** @type {Map<number, Record<string, number | null>>} */
  #rates = new Map();

  constructor() {
    this.#replaceAll.addEventListener("click", () => void askReload());
  }

  /**
   * @param {any} stats
   * @param {Map<number, Record<string, number | null>>} rates
   */
  show({ admin, cluster, workers }, rates) {
    this.#rates = rates;
    this.#changes = admin.changes;
    this.#reloading = cluster.reloading;
    const serving = workers.filter((/** @type {any} */ { state }) => state === "serving").length;
    const doing = cluster.reloading ? ", workers are being replaced" : "";
    setText(
      this.#summary,
      `${count(serving)} of ${many(cluster.workers, "worker")} ${serving === 1 ? "serves" : "serve"}${doing}`,
    );
    allow(this.#replaceAll, this.#changes, this.#reloading);
    this.#rows.show(workers);
  }

  /**
   * @param {HTMLTableRowElement} row
   * @param {any} worker
   */
  #update(row, { ageMs, answered, loopDelayMs, pid, server, slot, state, why }) {
    const rates = this.#rates.get(pid) ?? {};
    const [number, process, status, age, connections, framesIn, framesOut, delay] = row.cells;
    set(number, String(slot));
    set(process, String(pid ?? ""));
    const silent = !answered && (state === "serving" || state === "draining");
    const chip = /** @type {HTMLElement | null | undefined} */ (status?.firstElementChild);
    if (chip) {
      chip.dataset["tone"] = silent ? "bad" : (TONES[state] ?? "note");
      chip.title = why ?? "";
      setText(chip, silent ? "no answer" : state);
    }
    set(age, ageMs === undefined ? "" : duration(ageMs));
    set(connections, server ? count(server.connections) : "");
    set(framesIn, rate(rates["framesIn"]));
    set(framesOut, rate(rates["framesOut"]));
    set(delay, loopDelayMs === undefined ? "" : milliseconds(loopDelayMs));
    for (const button of row.querySelectorAll("button"))
      allow(button, this.#changes, this.#reloading || state !== "serving");
  }
}

/** @param {any} worker */
function makeRow({ slot }) {
  const replace = element(
    "button",
    { type: "button", class: "button small", "aria-label": `Replace worker ${slot}` },
    "Replace…",
  );
  const drain = element(
    "button",
    { type: "button", class: "button small", "aria-label": `Drain worker ${slot}` },
    "Drain…",
  );
  replace.addEventListener("click", () => void askReload(slot));
  drain.addEventListener("click", () => void askDrainWorker(slot));
  return element(
    "tr",
    { "data-worker": slot },
    element("td", { class: "number" }),
    element("td", { class: "number wide" }),
    element("td", {}, element("span", { class: "chip" })),
    element("td", { class: "number wide" }),
    element("td", { class: "number" }),
    element("td", { class: "number wide" }),
    element("td", { class: "number wide" }),
    element("td", { class: "number wide" }),
    element("td", { class: "buttons" }, replace, drain),
  );
}

/**
 * @param {HTMLTableCellElement | undefined} cell
 * @param {string} text
 */
function set(cell, text) {
  if (cell !== undefined) setText(cell, text);
}

/** @param {number | null | undefined} value */
function rate(value) {
  return value === null || value === undefined ? "" : compact(value);
}

/**
 * @param {HTMLButtonElement} button
 * @param {boolean} changes
 * @param {boolean} busy
 */
function allow(button, changes, busy) {
  button.disabled = !changes || busy;
  button.title = changes ? "" : "Nothing can be changed: the endpoint has no token.";
}

/** @param {number} [worker] */
async function askReload(worker) {
  const sure = await confirm(
    worker === undefined ? "Replace every worker?" : `Replace worker ${worker}?`,
    "A new process starts with the current version of the service. When it is ready, the old one stops accepting, answers what is open, and ends.",
    "Replace",
  );
  if (!sure) return;
  try {
    const done = await change("POST", "/reload", worker === undefined ? {} : { worker }, RELOAD_MS);
    if (done !== undefined) toast(worker === undefined ? "Every worker is replaced." : `Worker ${worker} is replaced.`);
  } catch (error) {
    toast(`Not replaced: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @param {number} worker */
async function askDrainWorker(worker) {
  const sure = await confirm(
    `Drain worker ${worker}?`,
    "It stops accepting, answers what is open, and ends. Another worker starts in its place at once.",
    "Drain",
  );
  if (!sure) return;
  try {
    const done = await change("POST", "/drain", { worker });
    if (done !== undefined) toast(`Worker ${worker} drains.`);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
  }
}

/**
 * @param {string} title
 * @param {string} text
 * @param {string} action
 * @returns {Promise<boolean>}
 */
function confirm(title, text, action) {
  setText(byId("worker-title", HTMLElement), title);
  setText(byId("worker-text", HTMLElement), text);
  setText(byId("confirm-worker", HTMLElement), action);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "go"), { once: true });
  });
}
