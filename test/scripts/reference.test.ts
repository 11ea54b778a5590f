// The parts of docs/reference.md: the doc comments of the sources.
import { describe, expect, it } from "vitest";
import { Declarations, type Declared, type Member } from "../../scripts/reference/declarations.mjs";
import { cell, proseOf, rowsIn, takeDefault, textOfComment } from "../../scripts/reference/doc_text.mjs";
import { Page } from "../../scripts/reference/page.mjs";

describe("the default of an option", () => {
  it.each<[prose: string, fallback: string | undefined, meaning: string]>([
    ["The time to connect. Default 10000.", "10000", "The time to connect."],
    [
      "The time to connect. Default: 10000 (10 s). `Infinity` turns it off.",
      "10000 (10 s)",
      "The time to connect. `Infinity` turns it off.",
    ],
    ["A whole number; default 1.", "1", "A whole number."],
    ["A whole number; default: as many as there are cores.", "as many as there are cores", "A whole number."],
    [
      "A whole number from 2 to 9; default 1.5. More costs memory.",
      "1.5",
      "A whole number from 2 to 9. More costs memory.",
    ],
    ['Default `"big"`.', '`"big"`', ""],
    ["What is done. Default: `1.2.3.4`, this machine. Or not.", "`1.2.3.4`, this machine", "What is done. Or not."],
    ['Ends it (`"close"`, the default), or not.', '`"close"`', 'Ends it (`"close"`, the default), or not.'],
    ['`"reject"` (the default) refuses it.', '`"reject"`', '`"reject"` (the default) refuses it.'],
    ['How: `"reset"` (RST, the default), or not.', '`"reset"`', 'How: `"reset"` (RST, the default), or not.'],
    ["Invalid (true) or replaced (false, the default).", "false", "Invalid (true) or replaced (false, the default)."],
    ["The port. No default.", "none", "The port."],
    ["By default nothing happens.", undefined, "By default nothing happens."],
    ["The defaults are those of a server.", undefined, "The defaults are those of a server."],
  ])("is found in %j", (prose, fallback, meaning) => {
    expect(takeDefault(prose)).toEqual({ fallback, meaning });
  });
});

describe("a doc comment", () => {
  it("is text without its frame, and prose without its tags", () => {
    const text = textOfComment(
      "/**\n   * Says {@link serve | this}.\n   *\n   * More.\n   * @throws {TypeError} no\n   */",
    );
    expect(text).toBe("Says {@link serve | this}.\n\nMore.\n@throws {TypeError} no");
    expect(proseOf(text)).toBe("Says `serve`.\n\nMore.");
  });

  it("has rows in its tables, whose cells a page can take", () => {
    expect(rowsIn("Codes.\n\n| code | meaning |\n|---|---|\n| `a` | one \\| other |\n| `b` | two |\n")).toEqual([
      ["`a`", "one \\| other"],
      ["`b`", "two"],
    ]);
    expect(cell("one |\n  other")).toBe("one \\| other");
  });
});

describe("the reference", { timeout: 60_000 }, () => {
  const declarations = new Declarations();
  const sources = { declarations, settings: [], limits: {} };

  it("lacks no doc comment, default, meaning or advice", () => {
    const page = new Page(sources);
    expect(page.text()).toContain("#### connection-closed");
    expect(page.problems).toEqual([]);
  });

  it("complains of a default that the code does not have", () => {
    const page = new Page({ ...sources, limits: { backlog: 17, concurrency: 1, maxOutboundBytes: 1_048_576 } });
    page.text();
    expect(page.problems).toEqual([
      expect.stringMatching(/^src\/core\/options\/limits\.ts:\d+: backlog says 4096, .*and its default is 17$/),
    ]);
  });

  it("names the option of the command line, and complains of a setting of an option that does not exist", () => {
    const setting = { placeholder: "<count>", description: "x", group: "Limits:", variable: "SPILLWAY_X" };
    const page = new Page({
      ...sources,
      settings: [
        { ...setting, name: "backlog", option: "--backlog", sets: "spillway ServeOptions.backlog" },
        { ...setting, name: "backlogs", option: "--backlogs", sets: "spillway ServeOptions.backlogs" },
        { ...setting, name: "own", option: "--own" },
      ],
    });
    expect(page.text()).toMatch(/^\| `backlog` \| `number` \| 4096.* \| `--backlog` \|$/m);
    expect(page.problems).toEqual([
      "src/cli/settings.ts: backlogs sets spillway ServeOptions.backlogs, and there is no such option",
    ]);
  });

  it("complains of what a type lacks, with its place", () => {
    class Lacking extends Declarations {
      override named(pattern: RegExp): Declared[] {
        return super.named(pattern).map((one) => ({ ...one, doc: one.doc.replace(/^\| `denied`.*\n/m, "") }));
      }
      override members(of: Declared): Member[] {
        return super
          .members(of)
          .map((member) => ({ ...member, doc: of.name === "PoolStats" && member.name === "queued" ? "" : member.doc }));
      }
      override variants(of: Declared): Member[][] {
        const without = (doc: string) => doc.replace("Default: the clock of the runtime.", "");
        return super.variants(of).map((all) => all.map((member) => ({ ...member, doc: without(member.doc) })));
      }
    }
    const page = new Page({ ...sources, declarations: new Lacking() });
    page.text();
    expect([...new Set(page.problems)]).toEqual([
      expect.stringMatching(/^src\/core\/server\/service\.ts:\d+: ServeOptions\.clock lacks its default/),
      expect.stringMatching(/^src\/core\/client\/client_options\.ts:\d+: ClientBehaviour\.clock lacks its default/),
      expect.stringMatching(/^src\/compute\/remote\/remote_options\.ts:\d+: RemoteOptions\.clock lacks its default/),
      expect.stringMatching(/^src\/admission\/errors\.ts:\d+: the table of AdmissionErrorCode lacks `denied`/),
      expect.stringMatching(/^src\/compute\/pool\.ts:\d+: PoolStats\.queued lacks a doc comment/),
    ]);
  });
});
