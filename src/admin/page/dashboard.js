// @ts-check
import { getJson, getText, Refused } from "./admin_client.js";
import { Chart } from "./chart.js";
import { ConnectionsPanel } from "./connections_panel.js";
import { allowClosing } from "./details.js";
import { askDrain } from "./drain_dialog.js";
import { byId, setText } from "./element.js";
import { EndedPanel } from "./ended_panel.js";
import { EventsPanel } from "./events_panel.js";
import { bytes, compact, count, duration, milliseconds } from "./format.js";
import { GroupsPanel } from "./groups_panel.js";
import { HandlerTimes } from "./handler_times.js";
import { History } from "./history.js";
import { Rates } from "./rates.js";
import { ReasonsCard } from "./reasons_card.js";
import { Tabs } from "./tabs.js";
import { WorkerRates } from "./worker_rates.js";
import { WorkersPanel } from "./workers_panel.js";

const PERIOD_MS = 1_000;
/** The distances between the lines of a chart of bytes. */
const BINARY = Array.from({ length: 44 }, (_, power) => 2 ** power);
/** Those of a chart of things that are counted. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

const PHASES = /** @type {Record<string, [string, string]>} */ ({
  waiting: ["Not listening", "warn"],
  serving: ["Serving", "good"],
  stopped: ["Accepts nothing new", "warn"],
  grace: ["About to drain", "warn"],
  draining: ["Draining", "warn"],
  drained: ["Drained", "bad"],
});

const history = new History([
  "connections",
  "framesIn",
  "framesOut",
  "bytesIn",
  "bytesOut",
  "p50",
  "p99",
  "handlers",
  "loopDelay",
]);
const rates = new Rates();
const workerRates = new WorkerRates();
const handlerTimes = new HandlerTimes();
/** @type {any} */
let stats;
/** When the server that is shown began to listen. */
let since = "";

const cards = byId("cards", HTMLElement);
const charts = [
  new Chart(history, {
    id: "card-connections",
    title: "Connections",
    note: "open",
    format: compactCount,
    increments: WHOLE,
    series: [{ name: "connections", label: "", color: "one" }],
  }),
  new Chart(history, {
    id: "card-frames",
    title: "Frames",
    note: "per second",
    format: compact,
    increments: WHOLE,
    series: [
      { name: "framesIn", label: "in", color: "one" },
      { name: "framesOut", label: "out", color: "two" },
    ],
  }),
  new Chart(history, {
    id: "card-bytes",
    title: "Bytes",
    note: "per second",
    format: bytes,
    increments: BINARY,
    series: [
      { name: "bytesIn", label: "in", color: "one" },
      { name: "bytesOut", label: "out", color: "two" },
    ],
  }),
  new Chart(history, {
    id: "card-loop",
    title: "Event loop delay",
    note: "longest of each second",
    format: milliseconds,
    series: [{ name: "loopDelay", label: "", color: "one" }],
  }),
];
const reasons = new ReasonsCard();
/** The times of handlers are in the metrics: where there are none, their number is shown. */
const timesChart = new Chart(history, {
  id: "card-handlers",
  title: "Handler time",
  note: "of each second",
  format: milliseconds,
  series: [
    { name: "p50", label: "p50", color: "one" },
    { name: "p99", label: "p99", color: "two" },
  ],
});
const handlersChart = new Chart(history, {
  id: "card-handlers",
  title: "Handlers",
  note: "asynchronous, running",
  format: compactCount,
  increments: WHOLE,
  series: [{ name: "handlers", label: "", color: "one" }],
});

const connections = new ConnectionsPanel(() => refreshList());
const ended = new EndedPanel(() => refreshList());
const events = new EventsPanel();
const workers = new WorkersPanel();
const groups = new GroupsPanel((name) => {
  tabs.choose("connections");
  connections.filterByGroup(name);
});
const tabs = new Tabs(() => refreshList());

/** @param {number} value */
function compactCount(value) {
  return value < 100_000 && Number.isInteger(value) ? count(value) : compact(value);
}

/** Asks once a second, however long an answer takes. */
async function poll() {
  try {
    await refresh();
    setLive("live", "Live");
  } catch {
    // The charts go on, with a gap.
    rates.forget();
    workerRates.forget();
    handlerTimes.forget();
    history.push(Date.now() / 1_000, {});
    updateCharts();
    setLive("lost", "No answer");
  }
  setTimeout(() => void poll(), PERIOD_MS);
}

async function refresh() {
  const fresh = await getJson("/stats");
  const at = Date.parse(fresh.at);
  if (fresh.listeningSince !== since) {
    rates.forget();
    workerRates.forget();
    handlerTimes.forget();
    since = fresh.listeningSince;
  }
  const times = fresh.admin.metrics ? await readTimes() : {};
  const server = fresh.server ?? {};
  const { bytesIn = 0, bytesOut = 0, framesIn = 0, framesOut = 0 } = server;
  history.push(at / 1_000, {
    connections: server.connections,
    handlers: server.handlers,
    loopDelay: fresh.loopDelayMs,
    ...(fresh.workers === undefined
      ? rates.next(at, { bytesIn, bytesOut, framesIn, framesOut })
      : ratesOfWorkers(at, fresh)),
    ...times,
  });
  stats = fresh;
  showStats();
  await readList();
}

/**
 * Shows the workers, and returns the sums of their rates.
 *
 * @param {number} at
 * @param {any} fresh
 */
function ratesOfWorkers(at, fresh) {
  const { byPid, sums } = workerRates.next(at, fresh.workers);
  byId("tab-workers", HTMLElement).hidden = false;
  document.body.dataset["workers"] = "";
  setText(byId("last-list", HTMLElement), "5");
  setCount("workers", fresh.cluster.workers);
  workers.show(fresh, byPid);
  return sums;
}

async function readTimes() {
  try {
    return handlerTimes.next(await getText("/metrics"));
  } catch {
    return {};
  }
}

/** Reads the list of the chosen tab. A refusal, for example of too many requests, is no reason to call the server lost. */
async function readList() {
  try {
    if (!stats?.server) return;
    if (tabs.chosen === "connections") await connections.refresh();
    if (tabs.chosen === "groups") await groups.refresh();
    if (tabs.chosen === "ended") await ended.refresh();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

/** Reads the list between two polls. Errors are ignored: the next poll finds out whether the server is lost. */
function refreshList() {
  readList().catch(() => undefined);
}

function showStats() {
  const { addresses, admin, ends, establishFailures, phase, ready, server, uptimeMs } = stats;
  const [text, tone] = PHASES[phase] ?? [phase, "idle"];
  const shown = byId("phase", HTMLElement);
  shown.dataset["tone"] = phase === "serving" && !ready ? "warn" : tone;
  setText(/** @type {Element} */ (shown.lastElementChild), phase === "serving" && !ready ? "Not ready" : text);
  setText(byId("addresses", HTMLElement), addresses.join("  "));
  setText(byId("uptime", HTMLElement), uptimeMs === undefined ? "" : `up ${duration(uptimeMs)}`);
  document.title = `${count(server?.connections ?? 0)} · Spillway`;
  setCount("connections", server?.connections ?? 0);
  setCount("groups", server?.groups ?? 0);
  const all = { ...establishFailures };
  for (const [reason, number] of Object.entries(ends)) all[reason] = (all[reason] ?? 0) + number;
  setCount(
    "ended",
    Object.values(all).reduce((sum, number) => sum + number, 0),
  );
  ended.setReasons(Object.keys(all));
  reasons.update(all);
  allowClosing(admin.changes);
  showDrain(admin.changes, phase, server);
  const card = admin.metrics ? timesChart.card : handlersChart.card;
  if (!card.isConnected) cards.replaceChildren(...order(card));
  updateCharts();
}

/** @param {HTMLElement} handlers */
function order(handlers) {
  const [first, second, third, loop] = charts.map(({ card }) => card);
  return /** @type {HTMLElement[]} */ ([first, second, third, handlers, loop, reasons.card]);
}

function updateCharts() {
  for (const chart of [...charts, timesChart, handlersChart]) if (chart.card.isConnected) chart.update();
}

/**
 * @param {boolean} changes
 * @param {string} phase
 * @param {any} server
 */
function showDrain(changes, phase, server) {
  const button = byId("drain", HTMLButtonElement);
  const ending = phase === "draining" || phase === "grace";
  button.disabled = !changes || server === null || phase === "drained";
  button.title = changes ? "" : "Nothing can be changed: the endpoint has no token.";
  setText(button, ending ? "Abort…" : "Drain…");
}

/**
 * @param {string} name
 * @param {number} number
 */
function setCount(name, number) {
  const badge = document.querySelector(`[data-count="${name}"]`);
  if (badge !== null) setText(badge, number === 0 ? "" : compactCount(number));
}

/**
 * @param {"live" | "lost"} state
 * @param {string} text
 */
function setLive(state, text) {
  const shown = byId("live", HTMLElement);
  const notice = byId("notice", HTMLElement);
  shown.dataset["state"] = state;
  setText(/** @type {Element} */ (shown.lastElementChild), text);
  notice.dataset["tone"] = "bad";
  if (state === "lost")
    setText(notice, "The endpoint does not answer. It is asked again each second; the charts go on.");
  notice.hidden = state === "live";
}

byId("drain", HTMLButtonElement).addEventListener("click", () => {
  if (stats?.server) askDrain(stats.server.connections, stats.phase === "draining" || stats.phase === "grace");
});

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const typing = target.matches("input, select, textarea") || document.querySelector("dialog[open]") !== null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    tabs.choose("connections");
    connections.focusFilter();
  } else if (/^[1-5]$/.test(event.key)) tabs.chooseAt(Number(event.key) - 1);
  else if (event.key.toLowerCase() === "p") {
    tabs.choose("events");
    events.togglePause();
  } else if (tabs.chosen === "connections" && event.key === "ArrowLeft") connections.turn(-1);
  else if (tabs.chosen === "connections" && event.key === "ArrowRight") connections.turn(1);
});

void poll();
