// @ts-check

/**
 * Shows records as the rows of a table. The row of a record stays the same element, so that a focus, a selection and a
 * pointer over it survive the next update.
 *
 * @template {object} Item
 */
export class Rows {
  #body;
  #keyOf;
  #make;
  #update;
  /** @type {Map<string, HTMLTableRowElement>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} body
   * @param {(item: Item) => string} keyOf
   * @param {(item: Item) => HTMLTableRowElement} make
   * @param {(row: HTMLTableRowElement, item: Item) => void} update
   */
  constructor(body, keyOf, make, update) {
    this.#body = body;
    this.#keyOf = keyOf;
    this.#make = make;
    this.#update = update;
  }

  /** @param {readonly Item[]} items */
  show(items) {
    const focused = document.activeElement;
    /** @type {Map<string, HTMLTableRowElement>} */
    const rows = new Map();
    for (const item of items) {
      const key = this.#keyOf(item);
      const row = this.#rows.get(key) ?? this.#make(item);
      this.#update(row, item);
      rows.set(key, row);
    }
    for (const [key, row] of this.#rows) if (!rows.has(key)) row.remove();
    let at = this.#body.firstElementChild;
    for (const row of rows.values()) {
      if (row === at) at = at.nextElementSibling;
      else this.#body.insertBefore(row, at);
    }
    this.#rows = rows;
    if (focused instanceof HTMLElement && focused.isConnected && document.activeElement !== focused) focused.focus();
  }
}
