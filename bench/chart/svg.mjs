// @ts-check
// SVG as text.

/** @typedef {Record<string, string | number>} Attributes */

const ESCAPES = /** @type {Record<string, string>} */ ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" });

/** @param {string} name @param {Attributes} attributes @param {string} [inside] */
export function element(name, attributes, inside = "") {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attribute(value)}"`);
  return inside === "" ? `<${name}${written.join("")}/>` : `<${name}${written.join("")}>${inside}</${name}>`;
}

/** @param {number} x @param {number} y @param {string} content @param {Attributes} [attributes] */
export function text(x, y, content, attributes = {}) {
  return element("text", { x, y, ...attributes }, escape(content));
}

/** @param {number} x1 @param {number} y1 @param {number} x2 @param {number} y2 @param {string} className */
export function line(x1, y1, x2, y2, className) {
  return element("line", { class: className, x1, y1, x2, y2 });
}

/** @param {string} content */
export function escape(content) {
  return content.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/** A tenth of a pixel is enough. @param {string | number} value */
function attribute(value) {
  return typeof value === "number" ? String(Math.round(value * 10) / 10) : escape(value);
}
