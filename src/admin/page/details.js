// @ts-check
import { change, getJson, Refused } from "./admin_client.js";
import { byId, element, setText } from "./element.js";
import { bytes, duration, many } from "./format.js";
import { toast } from "./toast.js";

const PERIOD_MS = 1_000;
const dialog = byId("details", HTMLDialogElement);
/** @type {number | string | undefined} */
let shown;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** Shows a connection in a window, and goes on showing it as it changes. @param {number | string} id */
export function showDetails(id) {
  shown = id;
  setText(byId("details-title", HTMLElement), `Connection ${id}`);
  byId("facts", HTMLElement).replaceChildren();
  setOver(false);
  dialog.showModal();
  void refresh(id);
}

/** Whether connections may be closed. @param {boolean} may */
export function allowClosing(may) {
  for (const button of buttons()) {
    button.dataset["allowed"] = String(may);
    button.title = may ? "" : "Nothing can be changed: the endpoint has no token.";
    if (!may) button.disabled = true;
  }
}

function buttons() {
  return [byId("close-connection", HTMLButtonElement), byId("reset-connection", HTMLButtonElement)];
}

/** @param {boolean} over */
function setOver(over) {
  for (const button of buttons()) button.disabled = over || button.dataset["allowed"] === "false";
}

/** @param {number | string} id */
async function refresh(id) {
  clearTimeout(timer);
  try {
    const record = await getJson(`/connections/${id}`);
    if (shown !== id || !dialog.open) return;
    show(record);
  } catch (error) {
    if (shown !== id || !dialog.open) return;
    if (error instanceof Refused && error.status === 404) {
      setText(byId("details-title", HTMLElement), `Connection ${id} has ended`);
      setOver(true);
      return;
    }
  }
  timer = setTimeout(() => void refresh(id), PERIOD_MS);
}

/** @param {any} record */
function show(record) {
  /** @type {[string, string | Node][]} */
  const facts = [
    ["Peer", record.remote],
    ["Local", record.local],
    ...(record.worker === undefined ? [] : [/** @type {[string, string]} */ (["Worker", String(record.worker)])]),
    ["Age", duration(record.ageMs)],
    ["Quiet for", duration(record.idleMs)],
    ["Received", `${bytes(record.bytesIn)} in ${many(record.framesIn, "frame")}`],
    ["Sent", `${bytes(record.bytesOut)} in ${many(record.framesOut, "frame")}`],
    ["Waiting", `${bytes(record.waitingBytes)}, ${many(record.framesDropped, "push", "pushes")} dropped`],
    ["In flight", many(record.inFlight, "frame")],
  ];
  if (record.tls !== undefined) facts.push(["TLS", tlsText(record.tls)]);
  if (record.proxy !== undefined) facts.push(["Through", `${record.proxy.from} (PROXY ${record.proxy.version})`]);
  if (record.authenticating) facts.push(["Authentication", "not complete"]);
  if (record.groupCount > 0) facts.push(["Groups", record.groups.join(", ")]);
  if (record.state !== undefined) facts.push(["State", element("pre", {}, JSON.stringify(record.state, undefined, 2))]);
  const list = byId("facts", HTMLElement);
  list.replaceChildren(...facts.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/** @param {any} tls */
function tlsText({ alpn, authorized, cipher, protocol, serverName, subject }) {
  const parts = [protocol, cipher, serverName, alpn];
  if (subject !== undefined) parts.push(`${subject} (${authorized ? "verified" : "not verified"})`);
  return parts.filter((part) => part !== undefined).join(", ");
}

/** @param {boolean} reset */
async function close(reset) {
  const id = shown;
  if (id === undefined) return;
  try {
    const done = await change("DELETE", `/connections/${id}${reset ? "?reset" : ""}`);
    if (done === undefined) return;
    toast(reset ? `Connection ${id} was reset.` : `Connection ${id} is closing.`);
    await refresh(id);
  } catch (error) {
    toast(error instanceof Error ? error.message : String(error));
  }
}

byId("close-connection", HTMLButtonElement).addEventListener("click", () => void close(false));
byId("reset-connection", HTMLButtonElement).addEventListener("click", () => void close(true));
dialog.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());
dialog.addEventListener("click", (event) => {
  if (event.target === dialog) dialog.close();
});
dialog.addEventListener("close", () => {
  shown = undefined;
  clearTimeout(timer);
});
