// @ts-check
// The exports of the entry points, read by the compiler: interfaces with their members, unions with their parts, and the doc
// comments of all of them.
import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript-6";
import { root } from "../commands.mjs";
import { proseOf, textOfComment } from "./doc_text.mjs";

/**
 * @typedef {object} Member
 * @property {string} name
 * @property {string} type as it is written
 * @property {boolean} optional
 * @property {string} doc the prose of its doc comment
 * @property {string} place where it is declared, for messages
 * @property {string} owner the name of the interface that declares it
 */

/**
 * @typedef {object} Declared
 * @property {string} name
 * @property {string} entry the entry point that exports it, such as `spillway/tls`
 * @property {string} doc the whole text of its doc comment
 * @property {string} place
 * @property {import("typescript-6").Symbol} symbol
 */

/**
 * @typedef {object} UnionPart
 * @property {string} doc the prose of the comment before it, or of the type that it names
 * @property {string} place
 * @property {Member[]} members
 */

/** The exports of the package, and questions about them. */
export class Declarations {
  /** @type {Map<string, Declared>} */
  #exported = new Map();
  #checker;

  constructor() {
    const entries = Object.entries(
      /** @type {{ exports: Record<string, string> }} */ (
        JSON.parse(readFileSync(path.join(root, "deno.json"), "utf8"))
      ).exports,
    ).map(([name, file]) => ({ entry: path.posix.join("spillway", name), file: path.join(root, file) }));
    const settings = ts.readConfigFile(path.join(root, "tsconfig.json"), (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent({ ...settings.config, include: [] }, ts.sys, root);
    const program = ts.createProgram(
      entries.map(({ file }) => file),
      options,
    );
    this.#checker = program.getTypeChecker();
    for (const { entry, file } of entries) {
      const source = program.getSourceFile(file);
      const module = source === undefined ? undefined : this.#checker.getSymbolAtLocation(source);
      if (module === undefined) throw new Error(`${file} is no module`);
      for (const exported of this.#checker.getExportsOfModule(module)) this.#add(exported, entry);
    }
  }

  /** @param {import("typescript-6").Symbol} exported @param {string} entry */
  #add(exported, entry) {
    const { flags } = exported;
    const symbol = flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
    const declaration = symbol.declarations?.find(
      (one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one),
    );
    if (declaration === undefined) return;
    const place = placeOf(declaration);
    // Several entry points export the same type, and two may have types of one name.
    const key = [...this.#exported.values()].some((one) => one.name === exported.name && one.symbol !== symbol)
      ? `${entry} ${exported.name}`
      : exported.name;
    if (this.#exported.has(key)) return;
    this.#exported.set(key, { name: exported.name, entry, place, symbol, doc: commentOf(declaration) });
  }

  /** All exported interfaces and type aliases whose names match. @param {RegExp} pattern */
  named(pattern) {
    return [...this.#exported.values()].filter(({ name }) => pattern.test(name));
  }

  /** @param {string} name */
  get(name) {
    const found = this.#exported.get(name);
    if (found === undefined) throw new Error(`no entry point exports a type ${name}`);
    return found;
  }

  /** The members of a type, its own and those that it inherits, but for those that must be absent. @param {Declared} declared */
  members({ symbol }) {
    return this.#membersOf(this.#checker.getDeclaredTypeOfSymbol(symbol));
  }

  /** The types that a union has, or a type that is none. @param {Declared} declared @returns {Member[][]} */
  variants({ symbol }) {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    return type.isUnion() ? type.types.map((one) => this.#membersOf(one)) : [this.#membersOf(type)];
  }

  /** The words of a union of words. @param {Declared} declared */
  words({ symbol }) {
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    const all = type.isUnion() ? type.types : [type];
    return all.flatMap((one) => (one.isStringLiteral() ? [one.value] : []));
  }

  /** The parts of a union of objects, in the order in which they are written. @param {Declared} declared @returns {UnionPart[]} */
  parts({ symbol, name }) {
    const alias = symbol.declarations?.find((one) => ts.isTypeAliasDeclaration(one));
    if (alias === undefined || !ts.isUnionTypeNode(alias.type)) throw new Error(`${name} is no union`);
    return this.#partsOf(alias.type);
  }

  /** @param {import("typescript-6").UnionTypeNode} union @returns {UnionPart[]} */
  #partsOf(union) {
    const text = union.getSourceFile().text;
    return union.types.flatMap((part, index) => {
      const before = text.slice(union.types[index - 1]?.end ?? union.pos, part.getStart());
      const written = /\/\*\*[\s\S]*?\*\/(?=[^*]*$)/.exec(before)?.[0];
      const inner = ts.isParenthesizedTypeNode(part) ? part.type : part;
      const named = ts.isTypeReferenceNode(inner) ? this.#checker.getSymbolAtLocation(inner.typeName) : undefined;
      const target =
        named !== undefined && named.flags & ts.SymbolFlags.Alias && named.declarations?.some(ts.isImportSpecifier)
          ? this.#checker.getAliasedSymbol(named)
          : named;
      const declaration = target?.declarations?.[0];
      const type = this.#checker.getTypeFromTypeNode(inner);
      if (type.isUnion()) {
        // Another union, or a choice of its parts: described where it is declared.
        return [];
      }
      const doc =
        written === undefined ? (declaration === undefined ? "" : commentOf(declaration)) : textOfComment(written);
      return [{ doc: proseOf(doc) ?? "", place: placeOf(part), members: this.#membersOf(type) }];
    });
  }

  /** @param {import("typescript-6").Type} type @returns {Member[]} */
  #membersOf(type) {
    return this.#checker.getPropertiesOfType(type).flatMap((property) => {
      const [declaration] = property.declarations ?? [];
      if (declaration === undefined) return [];
      const written = ts.isPropertySignature(declaration) ? declaration.type?.getText() : undefined;
      if (written === "undefined") return [];
      if (property.name.startsWith("__@")) return [];
      const parent = declaration.parent;
      const called = ts.isMethodSignature(declaration)
        ? declaration.getText().slice(declaration.name.getText().length).replace(/;$/, "")
        : undefined;
      return [
        {
          name: property.name,
          type: (written ?? called ?? "")
            .replace(/\/\*\*[\s\S]*?\*\//g, "")
            .replace(/\s+/g, " ")
            .replace(/\( /g, "(")
            .replace(/, \)/g, ")"),
          optional: (property.flags & ts.SymbolFlags.Optional) !== 0,
          doc: proseOf(commentOf(declaration)) ?? "",
          place: placeOf(declaration),
          owner: ts.isInterfaceDeclaration(parent) ? parent.name.text : "",
        },
      ];
    });
  }
}

/** The text of the doc comment of a declaration. @param {import("typescript-6").Node} node */
function commentOf(node) {
  const text = node.getSourceFile().text;
  const ranges = ts.getLeadingCommentRanges(text, node.getFullStart()) ?? [];
  const docs = ranges.map(({ pos, end }) => text.slice(pos, end)).filter((one) => one.startsWith("/**"));
  return textOfComment(docs.at(-1) ?? "");
}

/** @param {import("typescript-6").Node} node */
function placeOf(node) {
  const source = node.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(node.getStart());
  return `${path.relative(root, source.fileName).replaceAll("\\", "/")}:${line + 1}`;
}
