// @ts-check
// docs/reference.md: what the declarations say, in tables.
import { cell, code, oneLine, rowsIn, takeDefault } from "./doc_text.mjs";

/** @typedef {import("./declarations.mjs").Declarations} Declarations */
/** @typedef {import("./declarations.mjs").Declared} Declared */
/** @typedef {import("./declarations.mjs").Member} Member */

/**
 * @typedef {object} Setting the part of a setting of the command line that the page shows
 * @property {string} name
 * @property {string} option
 * @property {string} [letter]
 * @property {string} variable
 * @property {string} placeholder
 * @property {string} description
 * @property {string} [fallback]
 * @property {string} group
 * @property {string} [sets]
 */

/**
 * @typedef {object} Sources
 * @property {Declarations} declarations
 * @property {readonly Setting[]} settings
 * @property {Readonly<Record<string, number>>} limits the default limits, as the code has them
 */

const HEAD = `# Reference

This page lists every option, event, close reason, error code and count. It is generated from the doc comments of the
sources: \`npm run docs:reference\` writes it.

- [Options](#options): what every function of the library takes
- [Settings of the command line](#settings-of-the-command-line): options, variables, and keys of a file
- [Events](#events) of a server and of a client
- [Close reasons](#close-reasons) and [error codes](#error-codes), with what to do
- [Counts](#counts): what \`stats()\` returns
- [Metrics](metrics.md#what-is-measured) are in their own page; so are the [routes of the admin endpoint](admin.md#routes)

## Options

The end of a name is its unit: \`Ms\` is milliseconds, \`Bytes\` is bytes, \`PerSecond\` is a rate. \`Infinity\` turns a limit off; 0, negatives
and \`NaN\` are a \`RangeError\` at the call. An option that does not exist is a \`TypeError\` that names the nearest one. Where the command
line has an option, too, the last column names it; its variable and its key are [below](#settings-of-the-command-line).
`;

/** The types that readers look for first. Others follow by entry point and name. */
const FIRST = [
  "ServeOptions",
  "RuntimeServeOptions",
  "TcpTarget",
  "UnixTarget",
  "DescriptorTarget",
  "ShutdownOptions",
  "ClientOptions",
];
const OPTION_TYPES = /(Options|Target|Limits|Steps|Rules)$/;

export class Page {
  /** @type {string[]} */
  #problems = [];
  /** The options that a setting sets. @type {Set<string>} */
  #set = new Set();
  #sources;

  /** @param {Sources} sources */
  constructor(sources) {
    this.#sources = sources;
  }

  /** The parts that the doc comments lack. */
  get problems() {
    return this.#problems;
  }

  text() {
    const parts = [
      HEAD,
      this.#options(),
      this.#settings(),
      this.#events(),
      this.#reasons(),
      this.#codes(),
      this.#counts(),
    ];
    return `${parts.join("\n").trimEnd()}\n`;
  }

  #options() {
    const { declarations } = this.#sources;
    const all = declarations.named(OPTION_TYPES);
    const rank = (/** @type {Declared} */ { entry, name }) => {
      if (FIRST.includes(name)) return FIRST.indexOf(name);
      const isSet = this.#sources.settings.some(({ sets = "" }) => sets.startsWith(`${entry} ${name}.`));
      return isSet ? FIRST.length : FIRST.length + 1;
    };
    const entries = [...new Set(all.map(({ entry }) => entry))];
    /** @type {Map<string, string>} */
    const shown = new Map();
    const lines = [];
    for (const entry of entries) {
      const own = all.filter((one) => one.entry === entry).toSorted((one, other) => rank(one) - rank(other));
      const sections = own.map((declared) => this.#section(declared, shown)).filter((section) => section !== "");
      if (sections.length > 0) lines.push(`### ${entry}`, "", ...sections);
    }
    for (const { name, sets } of this.#sources.settings) {
      if (sets === undefined || this.#set.has(sets)) continue;
      this.#problems.push(`src/cli/settings.ts: ${name} sets ${sets}, and there is no such option`);
    }
    return lines.join("\n");
  }

  /**
   * The table of one type of options, or nothing if others have shown all of it.
   *
   * @param {Declared} declared
   * @param {Map<string, string>} shown the types that have shown a member, by where it is declared
   */
  #section(declared, shown) {
    const members = distinct(this.#sources.declarations.variants(declared).flat());
    const fresh = members.filter(({ place }) => !shown.has(place));
    if (fresh.length === 0) return "";
    const others = members.filter(({ place }) => shown.has(place));
    for (const { place } of fresh) shown.set(place, declared.name);
    const lines = [`#### ${declared.name}`, "", summary(declared.doc), ""];
    const owners = [...new Set(fresh.map(({ owner }) => owner))];
    const limits = owners.filter((owner) => owner.endsWith("Limits"));
    const plain = fresh.filter(({ owner }) => !limits.includes(owner));
    if (plain.length > 0) lines.push(this.#optionTable(declared, plain));
    for (const owner of limits) {
      lines.push(summary(this.#sources.declarations.get(owner).doc), "");
      lines.push(
        this.#optionTable(
          declared,
          fresh.filter((one) => one.owner === owner),
        ),
      );
    }
    for (const source of new Set(others.map(({ place }) => shown.get(place) ?? ""))) {
      const theirs = others.filter(({ place }) => shown.get(place) === source);
      const all = [...shown.values()].filter((one) => one === source).length === theirs.length;
      const names = all && theirs.length > 3 ? "all of them" : theirs.map(({ name }) => code(name)).join(", ");
      lines.push(`As in [${source}](#${source.toLowerCase()}): ${names}.`, "");
    }
    return lines.join("\n");
  }

  /** @param {Declared} declared @param {Member[]} members */
  #optionTable(declared, members) {
    const rows = members.map((member) => {
      const { fallback, meaning } = takeDefault(oneLine(member.doc));
      if (meaning === "") this.#lacks(member, "a doc comment that says what it does");
      const fact = member.owner.endsWith("Info");
      if (member.optional && fallback === undefined && !fact) this.#lacks(member, 'its default ("Default: …")');
      this.#checkLimit(member, fallback);
      const value = fallback ?? (member.optional ? "none" : "required");
      const flag = this.#flagOf(declared, member.name);
      return [code(member.name), typeCell(member), cell(value), cell(meaning), code(flag)];
    });
    const withFlags = rows.some(([, , , , flag]) => flag !== "");
    const head = ["Option", "Type", "Default", "Meaning", "Command line"];
    return table(
      withFlags ? head : head.slice(0, 4),
      rows.map((cells) => (withFlags ? cells : cells.slice(0, 4))),
    );
  }

  /** @param {Declared} declared @param {string} option */
  #flagOf({ entry, name }, option) {
    const key = `${entry} ${name}.${option}`;
    const setting = this.#sources.settings.find(({ sets }) => sets === key);
    if (setting === undefined) return "";
    this.#set.add(key);
    return setting.option;
  }

  /** The code has the default limits, too. @param {Member} member @param {string | undefined} fallback */
  #checkLimit(member, fallback = "") {
    const { limits } = this.#sources;
    const real = /^(Listener|Connection|Server)Limits$/.test(member.owner) ? limits[member.name] : undefined;
    if (real === undefined) return;
    const [, digits = "", unit = ""] = /^`?(Infinity|\d+)`?(?: (KiB|MiB))?/.exec(fallback) ?? [];
    const said = Number(digits === "" ? Number.NaN : digits) * ({ KiB: 2 ** 10, MiB: 2 ** 20 }[unit] ?? 1);
    if (said !== real)
      this.#problems.push(`${member.place}: ${member.name} says ${fallback}, and its default is ${real}`);
  }

  #settings() {
    const { settings } = this.#sources;
    const lines = [
      "## Settings of the command line",
      "",
      "`spillway serve` takes each setting as an option, as an environment variable, or as a key of a JSON file (`--config`);",
      "[command_line.md](command_line.md) says which place decides. Durations are `250ms`, `5s`, `5m` or `1h`, and numbers of a file are",
      "milliseconds.",
      "",
    ];
    for (const group of new Set(settings.map((setting) => setting.group))) {
      const rows = settings
        .filter((setting) => setting.group === group)
        .map(({ name, option, letter, variable, placeholder, fallback = "", description }) => [
          `${code(`${option} ${placeholder}`)}${letter === undefined ? "" : `, ${code(letter)}`}`,
          code(variable),
          code(name),
          code(fallback),
          cell(description),
        ]);
      lines.push(`### ${group.replace(/ \(.*\)|:$/g, "").replace(/:$/, "")}`, "");
      lines.push(table(["Option", "Variable", "Key", "Default", "Meaning"], rows));
    }
    return lines.join("\n");
  }

  #events() {
    const { declarations } = this.#sources;
    const lines = ["## Events", ""];
    /** @type {Set<string>} */
    const known = new Set();
    for (const name of ["ServerEvent", "ClientEvent"]) {
      const declared = declarations.get(name);
      lines.push(`### ${name}`, "", oneLine(proseParagraphs(declared.doc)), "");
      for (const { doc, place, members } of declarations.parts(declared)) {
        const type = members.find((member) => member.name === "type")?.type.replaceAll('"', "") ?? "";
        if (known.has(type)) continue;
        known.add(type);
        if (doc === "") this.#problems.push(`${place}: the event ${type} lacks a doc comment`);
        lines.push(`#### ${type}`, "", oneLine(doc), "");
        lines.push(this.#fieldTable(members.filter((member) => member.name !== "type")));
      }
    }
    return lines.join("\n");
  }

  #reasons() {
    const declared = this.#sources.declarations.get("CloseReason");
    return ["## Close reasons", "", summary(declared.doc), "", this.#codeTable(declared, "Reason")].join("\n");
  }

  #codes() {
    const { declarations } = this.#sources;
    const lines = ["## Error codes", ""];
    for (const declared of declarations.named(/ErrorCode$/)) {
      lines.push(`### ${declared.name}`, "", summary(declared.doc), "", this.#codeTable(declared, "Code"));
    }
    return lines.join("\n");
  }

  /** @param {Declared} declared @param {string} head */
  #codeTable(declared, head) {
    const rows = rowsIn(declared.doc);
    const described = rows.map(([first = ""]) => first.replaceAll("`", ""));
    const { declarations } = this.#sources;
    const elsewhere = declared.name === "ErrorCode" ? declarations.words(declarations.get("CloseReason")) : [];
    const words = declarations.words(declared).filter((word) => !elsewhere.includes(word));
    for (const word of words.filter((one) => !described.includes(one))) {
      this.#problems.push(
        `${declared.place}: the table of ${declared.name} lacks \`${word}\` (| code | meaning | what to do |)`,
      );
    }
    for (const word of described.filter((one) => !words.includes(one))) {
      this.#problems.push(`${declared.place}: the table of ${declared.name} has \`${word}\`, which it does not have`);
    }
    for (const cells of rows.filter((one) => one.length !== 3 || one.includes(""))) {
      this.#problems.push(`${declared.place}: a row of ${declared.name} needs three cells: ${cells.join(" | ")}`);
    }
    return table([head, "Meaning", "What to do"], rows);
  }

  #counts() {
    const { declarations } = this.#sources;
    const lines = ["## Counts", ""];
    for (const declared of declarations.named(/Stats$/)) {
      lines.push(
        `### ${declared.name}`,
        "",
        summary(declared.doc),
        "",
        this.#fieldTable(declarations.members(declared)),
      );
    }
    return lines.join("\n");
  }

  /** @param {Member[]} members */
  #fieldTable(members) {
    const rows = members.map((member) => {
      if (member.doc === "") this.#lacks(member, "a doc comment");
      return [`${code(member.name)}${member.optional ? ", optional" : ""}`, typeCell(member), cell(member.doc)];
    });
    return table(["Field", "Type", "Meaning"], rows);
  }

  /** @param {Member} member @param {string} what */
  #lacks({ place, owner, name }, what) {
    this.#problems.push(`${place}: ${owner === "" ? name : `${owner}.${name}`} lacks ${what}`);
  }
}

/** @type {readonly (readonly [RegExp, string])[]} */
const UNITS = [
  [/Ms$/, "ms"],
  [/BytesPerSecond$/, "bytes/s"],
  [/PerSecond$/, "per s"],
  [/(Bytes|^bytes(In|Out|Discarded))$/, "bytes"],
  [/Mb$/, "MiB"],
];

/** @param {Member} member */
function typeCell({ name, type }) {
  const unit = type.includes("number") ? UNITS.find(([pattern]) => pattern.test(name))?.[1] : undefined;
  return `${code(type)}${unit === undefined ? "" : `, ${unit}`}`;
}

/** Members that several variants have in the same place are one. @param {Member[]} members */
function distinct(members) {
  return [...new Map(members.map((member) => [member.place, member])).values()];
}

/** The paragraphs before lists, tables and examples. @param {string} doc */
function proseParagraphs(doc) {
  return (
    doc
      .split(/\n(?=[|-] |\||@|```)/)[0]
      ?.replace(/\{@link\s+([^}|\s]+)[^}]*\}/g, "`$1`")
      .trim() ?? ""
  );
}

/** @param {string} doc */
function summary(doc) {
  return oneLine(proseParagraphs(doc));
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows */
function table(head, rows) {
  return `${[row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n")}\n`;
}

/** @param {readonly string[]} cells */
function row(cells) {
  return `| ${cells.join(" | ")} |`;
}
