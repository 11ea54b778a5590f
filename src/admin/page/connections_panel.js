// @ts-check
import { getJson } from "./admin_client.js";
import { showDetails } from "./details.js";
import { byId, element, setText } from "./element.js";
import { bytes, count, duration } from "./format.js";
import { Rows } from "./rows.js";

const PAGE = 50;

/** @typedef {{ key: string, title: string, sorts?: false, show: (record: any) => string, class: string }} Column */

/** @type {readonly Column[]} */
const COLUMNS = [
  { key: "id", title: "ID", show: ({ id }) => String(id), class: "number" },
  { key: "remote", title: "Peer", show: ({ remote }) => remote, class: "mono cut" },
  { key: "ageMs", title: "Age", show: ({ ageMs }) => duration(ageMs), class: "number wide" },
  { key: "idleMs", title: "Idle", show: ({ idleMs }) => duration(idleMs), class: "number" },
  { key: "framesIn", title: "Frames in", show: ({ framesIn }) => count(framesIn), class: "number wide" },
  { key: "framesOut", title: "Frames out", show: ({ framesOut }) => count(framesOut), class: "number wider" },
  { key: "bytesIn", title: "Bytes in", show: (record) => bytes(record.bytesIn), class: "number wider" },
  { key: "bytesOut", title: "Bytes out", show: (record) => bytes(record.bytesOut), class: "number" },
  { key: "waitingBytes", title: "Waiting", show: (record) => bytes(record.waitingBytes), class: "number wide" },
  { key: "inFlight", title: "In flight", show: ({ inFlight }) => count(inFlight), class: "number wider" },
  { key: "groupCount", title: "Groups", show: (record) => groupsOf(record), class: "wider cut" },
  // Shown when there are workers. Their order is that of nothing else.
  { key: "worker", title: "Worker", sorts: false, show: ({ worker }) => String(worker ?? ""), class: "number worker" },
];

/** The open connections: sorted and filtered by the server, a page at a time. */
export class ConnectionsPanel {
  #sort = "id";
  #order = "asc";
  #offset = 0;
  #matching = 0;
  #form = byId("filter", HTMLFormElement);
  #previous = byId("previous", HTMLButtonElement);
  #next = byId("next", HTMLButtonElement);
  #range = byId("range", HTMLOutputElement);
  #empty = byId("no-connections", HTMLElement);
  #rows = new Rows(byId("connections", HTMLElement), ({ id }) => String(id), makeRow, updateRow);
  #onChange;
  /** Answers to older questions are of no interest. */
  #asked = 0;

  /** @param {() => void} onChange asks for an update at once */
  constructor(onChange) {
    this.#onChange = onChange;
    this.#makeColumns();
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", () => this.#turnTo(0));
    this.#previous.addEventListener("click", () => this.turn(-1));
    this.#next.addEventListener("click", () => this.turn(1));
  }

  async refresh() {
    const asked = ++this.#asked;
    const query = new URLSearchParams({
      sort: this.#sort,
      order: this.#order,
      limit: String(PAGE),
      offset: String(this.#offset),
    });
    for (const name of ["address", "group"]) {
      const value = this.#field(name).value.trim();
      if (value !== "") query.set(name, value);
    }
    const list = await getJson(`/connections?${query}`);
    if (asked !== this.#asked) return;
    this.#matching = list.matching;
    // The page that was shown may be no more.
    if (list.connections.length === 0 && this.#offset > 0) return this.#turnTo(Math.max(0, this.#lastPage()));
    this.#show(list);
  }

  /** @param {1 | -1} pages */
  turn(pages) {
    const offset = this.#offset + pages * PAGE;
    if (offset >= 0 && offset < this.#matching) this.#turnTo(offset);
  }

  focusFilter() {
    const field = this.#field("address");
    field.focus();
    field.select();
  }

  /** Shows the members of a group. @param {string} name */
  filterByGroup(name) {
    this.#field("address").value = "";
    this.#field("group").value = name;
    this.#turnTo(0);
  }

  /** @param {any} list */
  #show({ connections, matching, offset, total }) {
    this.#rows.show(connections);
    const shown = connections.length === 0 ? "0" : `${count(offset + 1)}–${count(offset + connections.length)}`;
    setText(this.#range, `${shown} of ${count(matching)}${matching === total ? "" : ` (${count(total)} in all)`}`);
    this.#previous.disabled = offset === 0;
    this.#next.disabled = offset + connections.length >= matching;
    this.#empty.hidden = connections.length > 0;
    setText(this.#empty, total === 0 ? "No connection is open." : "No connection matches.");
  }

  /** @param {number} offset */
  #turnTo(offset) {
    this.#offset = offset;
    this.#onChange();
  }

  #lastPage() {
    return Math.floor((this.#matching - 1) / PAGE) * PAGE;
  }

  /** @param {string} name */
  #field(name) {
    return /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
  }

  #makeColumns() {
    const head = byId("columns", HTMLElement);
    for (const { key, title, sorts, class: kind } of COLUMNS) {
      const button = sorts === false ? title : element("button", { type: "button" }, title);
      const cell = element(
        "th",
        { scope: "col", class: kind.replace(/mono|cut/g, "").trim(), "data-key": key },
        button,
      );
      if (typeof button !== "string") button.addEventListener("click", () => this.#sortBy(key));
      head.append(cell);
    }
    this.#showOrder();
  }

  /** @param {string} key */
  #sortBy(key) {
    const first = key === "id" || key === "remote" ? "asc" : "desc";
    this.#order = this.#sort === key ? (this.#order === "asc" ? "desc" : "asc") : first;
    this.#sort = key;
    this.#showOrder();
    this.#turnTo(0);
  }

  #showOrder() {
    for (const cell of byId("columns", HTMLElement).children) {
      const chosen = cell.getAttribute("data-key") === this.#sort;
      if (chosen) cell.setAttribute("aria-sort", this.#order === "asc" ? "ascending" : "descending");
      else cell.removeAttribute("aria-sort");
    }
  }
}

/** @param {any} record */
function makeRow({ id }) {
  const row = element("tr", { "data-id": id });
  for (const { class: kind, key } of COLUMNS) {
    const cell = element("td", { class: kind });
    if (key === "id") {
      const button = element("button", { type: "button", class: "link", "aria-label": `Details of connection ${id}` });
      button.addEventListener("click", () => showDetails(id));
      cell.append(button);
    }
    row.append(cell);
  }
  return row;
}

/**
 * @param {HTMLTableRowElement} row
 * @param {any} record
 */
function updateRow(row, record) {
  for (const [at, { show }] of COLUMNS.entries()) {
    const cell = row.cells[at];
    if (cell === undefined) continue;
    const text = show(record);
    setText(cell.firstElementChild ?? cell, text);
    cell.classList.toggle("zero", text === "0" || text === "0 B");
  }
}

/** @param {any} record */
function groupsOf({ groups, groupCount }) {
  const more = groupCount - groups.length;
  return `${groups.join(", ")}${more > 0 ? ` and ${count(more)} more` : ""}`;
}
