// @ts-check
// The documents and the fences in them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../commands.mjs";

/**
 * @typedef {object} Fence
 * @property {string} document from the root
 * @property {number} line of its first line, counted from 1
 * @property {string} language
 * @property {string | undefined} file the name that the document gives a program
 * @property {boolean} ignored
 * @property {boolean} inRoot its commands are those of the repository, and need only succeed
 * @property {string} text
 */

/** The documents whose fences are executed. */
export function documents() {
  const docs = path.join(root, "docs");
  const more = existsSync(docs) ? readdirSync(docs, { recursive: true, encoding: "utf8" }) : [];
  const files = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    ...more.map((file) => path.posix.join("docs", file.replaceAll("\\", "/"))),
  ];
  return files.filter((file) => file.endsWith(".md") && existsSync(path.join(root, file)));
}

/**
 * @param {string} document
 * @returns {Fence[]}
 */
export function fencesOf(document) {
  /** @type {Fence[]} */
  const fences = [];
  /** @type {Fence | undefined} */
  let open;
  for (const [index, line] of readFileSync(path.join(root, document), "utf8").split(/\r?\n/).entries()) {
    if (open === undefined) {
      const info = /^```(\S+)(.*)$/.exec(line);
      if (info === null) continue;
      const [, language = "", rest = ""] = info;
      const words = rest.split(/\s+/).filter((word) => word !== "");
      const file = words.find((word) => word !== "ignore");
      open = {
        document,
        line: index + 1,
        language,
        file,
        ignored: words.includes("ignore"),
        inRoot: words.includes("root"),
        text: "",
      };
    } else if (line === "```") {
      fences.push(open);
      open = undefined;
    } else {
      open.text += `${line}\n`;
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: this fence has no end`);
  return fences;
}

/** @param {Fence} fence */
export function place({ document, line }) {
  return `${document}:${line}`;
}
