import { readFile } from "node:fs/promises";
import type { Answer } from "./answer.ts";

const HTML = "text/html; charset=utf-8";
const STYLE = "text/css; charset=utf-8";
const SCRIPT = "text/javascript; charset=utf-8";
const PICTURE = "image/svg+xml";

interface PageFile {
  readonly contentType: string;
  readonly locate: () => Promise<URL | string>;
}

const own = (name: string, contentType: string): PageFile => ({
  contentType,
  locate: () => Promise.resolve(new URL(`./page/${name}`, import.meta.url)),
});
const uplot = (name: string, contentType: string): PageFile => ({
  contentType,
  locate: async () => {
    // To load this module has effects on Deno.
    const { createRequire } = await import("node:module");
    return createRequire(import.meta.url).resolve(`uplot/dist/${name}`);
  },
});

/** The dashboard's own scripts. */
const SCRIPTS = [
  "admin_client.js",
  "chart.js",
  "connections_panel.js",
  "dashboard.js",
  "details.js",
  "drain_dialog.js",
  "element.js",
  "ended_panel.js",
  "events_panel.js",
  "format.js",
  "groups_panel.js",
  "handler_times.js",
  "history.js",
  "rates.js",
  "reasons_card.js",
  "rows.js",
  "tabs.js",
  "toast.js",
  "token.js",
  "tones.js",
  "worker_rates.js",
  "workers_panel.js",
];

/** The files of the dashboard, by the paths at which they are served. */
const FILES: Readonly<Record<string, PageFile>> = {
  "/": own("index.html", HTML),
  "/assets/dashboard.css": own("dashboard.css", STYLE),
  "/assets/icon.svg": own("icon.svg", PICTURE),
  ...Object.fromEntries(SCRIPTS.map((name) => [`/assets/${name}`, own(name, SCRIPT)])),
  "/assets/uplot.js": uplot("uPlot.esm.js", SCRIPT),
  "/assets/uplot.css": uplot("uPlot.min.css", STYLE),
};

/** The dashboard's files. Each is read when it is first asked for, and kept. */
export class PageFiles {
  readonly #read = new Map<string, Promise<Answer>>();

  get(path: string): Promise<Answer> | undefined {
    const file = Object.hasOwn(FILES, path) ? FILES[path] : undefined;
    if (file === undefined) return undefined;
    let answer = this.#read.get(path);
    if (answer === undefined) {
      answer = answerOf(file);
      this.#read.set(path, answer);
      // A file that could not be read may be there later.
      answer.catch(() => this.#read.delete(path));
    }
    return answer;
  }
}

async function answerOf({ contentType, locate }: PageFile): Promise<Answer> {
  return { status: 200, contentType, body: await read(await locate()) };
}

/** Reads a file of this package, which may have been loaded from the network. */
async function read(location: URL | string): Promise<Uint8Array> {
  if (typeof location === "string" || location.protocol === "file:") return await readFile(location);
  const response = await fetch(location);
  if (!response.ok) throw new Error(`${location.href} answers ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
