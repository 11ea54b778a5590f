// The imports that are allowed between the rooms of ARCHITECTURE.md.
import path from "node:path";
import { describe, expect, it } from "vitest";
import { importsOf, type SourceFile, sourcesIn } from "../support/tree.ts";
import { cyclesIn, type Import } from "./support/cycles.ts";

function resolve(source: SourceFile): Import[] {
  return importsOf(source).map((name) => {
    const to = name.startsWith(".") ? path.posix.join(path.posix.dirname(source.path), name) : name;
    return { from: source.path, to };
  });
}

const all = sourcesIn("src").flatMap(resolve);

/** The imports of a room that none of the patterns allows. */
function outside(room: RegExp, allowed: RegExp[]): Import[] {
  return all.filter(({ from, to }) => room.test(from) && !allowed.some((pattern) => pattern.test(to)));
}

const NODE = /^node:/;
/** The names of the variables that give a process its role: the command line reads them before it loads that room. */
const ROLE_NAMES = "src/cluster/role_variables.ts";
/** The modules of Node's that every runtime has as its own: files, where Unix sockets are, the name of the system, and threads. */
const SYSTEM = /^node:(fs|process|worker_threads)$/;
const PACKAGE = /^(?!node:|\.|src\/)/;

// Exceptions until the session, the output and the client are rebuilt. None is to be added.
const CYCLES_BEING_REMOVED: RegExp[] = [];
const STEPS_BEING_REMOVED: RegExp[] = [];

describe("the import rule", () => {
  it("sees the imports", () => {
    expect(all.length).toBeGreaterThan(50);
    expect(all).toContainEqual({ from: "src/core/mod.ts", to: "src/core/server/serve.ts" });
  });

  it("core imports nothing outside core", () => {
    expect(outside(/^src\/core\//, [/^src\/core\//])).toEqual([]);
  });

  it.each(["node", "deno", "bun"])("the %s adapter imports core, never another adapter", (runtime) => {
    const room = new RegExp(`^src/adapters/${runtime}/`);
    const own = runtime === "node" ? [NODE] : [SYSTEM];
    expect(outside(room, [/^src\/core\//, room, ...own])).toEqual([]);
  });

  it("testing imports core only", () => {
    expect(outside(/^src\/testing\//, [/^src\/(core|testing)\//])).toEqual([]);
  });

  it("optional parts import core's public face and each their own, never an adapter", () => {
    const optional = /^src\/(?!core\/|adapters\/|testing\/|cli\/)([a-z_]+)\//;
    const wrong = all.filter(({ from, to }) => {
      const room = optional.exec(from)?.[1];
      if (room === undefined || NODE.test(to) || PACKAGE.test(to)) return false;
      // Processes of a cluster serve on the transport of their runtime.
      if (room === "cluster" && to === "src/mod.ts") return false;
      // A fleet connects as any program does, and with the codec that workers share.
      if (room === "compute" && (to === "src/mod.ts" || to === "src/core/codecs/mod.ts")) return false;
      return to !== "src/core/mod.ts" && !to.startsWith(`src/${room}/`);
    });
    expect(wrong).toEqual([]);
  });

  it("the CLI imports public faces only", () => {
    const faces =
      /^src\/(mod|(core|testing|admin|admission|cluster|compute|observers|buses|proxy_protocol|tls)\/(.+\/)?mod)\.ts$/;
    const roles = new RegExp(`^${ROLE_NAMES}$`);
    expect(outside(/^src\/(cli\/|main\.ts$)/, [/^src\/cli\//, faces, roles, NODE, PACKAGE])).toEqual([]);
  });

  it("the CLI loads optional parts only when they are asked for", () => {
    const sources = [...sourcesIn("src/cli"), ...sourcesIn("src").filter((source) => source.path === "src/main.ts")];
    const rooms = "admission|buses|cluster|compute|observers|proxy_protocol|testing|tls";
    const atOnce = new RegExp(
      `^(import|export) (?!type\\b)[^;]*from "\\.{1,2}/(?!cluster/role_variables)(${rooms})/`,
      "m",
    );
    expect(all.filter(({ from }) => from === ROLE_NAMES)).toEqual([]);
    expect(sources.filter(({ text }) => atOnce.test(text)).map((source) => source.path)).toEqual([]);
    const later = new RegExp(`import\\("\\.{1,2}/(${rooms})/mod\\.ts"\\)`);
    expect(sources.some(({ text }) => later.test(text))).toBe(true);
  });

  it("nothing imports the CLI but the CLI", () => {
    const wrong = all.filter(({ from, to }) => to.startsWith("src/cli/") && !/^src\/(cli\/|main\.ts$)/.test(from));
    expect(wrong).toEqual([]);
  });

  it("the library imports no package", () => {
    const library = /^src\/(core|adapters|testing)\/|^src\/mod\.ts$/;
    expect(all.filter(({ from, to }) => library.test(from) && PACKAGE.test(to))).toEqual([]);
  });
});

describe("files", () => {
  it("import each other in no cycle, types included", () => {
    const found = cyclesIn(all.filter(({ to }) => to.endsWith(".ts"))).map((cycle) => cycle.join(" "));
    expect(found.filter((cycle) => !CYCLES_BEING_REMOVED.some((known) => known.test(cycle)))).toEqual([]);
  });

  it("that import each other are seen, however long the way round is", () => {
    const imports = ["a b", "b c", "c a", "c d", "d e", "e d", "f a"].map((pair) => {
      const [from, to] = pair.split(" ") as [string, string];
      return { from, to };
    });
    expect(cyclesIn(imports)).toEqual([
      ["d", "e"],
      ["a", "b", "c"],
    ]);
  });
});

/** The rooms of the core: each imports only those before it. */
const LADDER = [
  "errors",
  "options",
  "time",
  "transport",
  "bus",
  "codecs",
  "output",
  "streams",
  "handler",
  "session",
  "server",
  "client",
  // The faces.
  "runtime.ts",
  "api.ts",
  "mod.ts",
];

function roomOf(file: string): string | undefined {
  return /^src\/core\/([^/]+)/.exec(file)?.[1];
}

describe("the rooms of the core", () => {
  const between = all.filter(({ from, to }) => roomOf(from) !== undefined && roomOf(from) !== roomOf(to));

  it("are all on the ladder", () => {
    const rooms = new Set(
      all.flatMap(({ from, to }) => [roomOf(from), roomOf(to)]).filter((room) => room !== undefined),
    );
    expect([...rooms].toSorted()).toEqual(LADDER.toSorted());
  });

  it("import only rooms below them", () => {
    const wrong = between
      .filter(({ from, to }) => LADDER.indexOf(roomOf(from) ?? "") < LADDER.indexOf(roomOf(to) ?? ""))
      // A published face, which holds the codecs' streams too.
      .filter(({ from, to }) => !(from === "src/core/codecs/mod.ts" && roomOf(to) === "streams"))
      .map(({ from, to }) => `${from} -> ${to}`);
    expect(wrong.filter((step) => !STEPS_BEING_REMOVED.some((known) => known.test(step)))).toEqual([]);
  });
});
