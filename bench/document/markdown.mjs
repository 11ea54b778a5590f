// @ts-check

/**
 * @param {string[]} header
 * @param {string[][]} rows
 * @param {number} [texts] how many columns hold text; the others hold numbers
 */
export function table(header, rows, texts = 1) {
  const rule = header.map((_, column) => (column < texts ? "---" : "--:"));
  return [header, rule, ...rows].map((cells) => `| ${cells.map(cell).join(" | ")} |`).join("\n");
}

/** @param {string} text */
function cell(text) {
  return plain(text).replaceAll("|", "\\|");
}

/** Nothing in it begins a tag. @param {string} text */
export function plain(text) {
  return text.replaceAll("<", "&lt;");
}

/** What is read only by those who ask for it. @param {string} title @param {string} inside */
export function folded(title, inside) {
  return `<details>\n<summary>${title}</summary>\n\n${inside}\n\n</details>`;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** @param {string[]} items */
export function listed(items) {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}
