import { readdirSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../support/tree.ts";
import { adminServed } from "./support/admin_served.ts";

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

describe("the files of the dashboard", () => {
  it("are all served, with their types", async () => {
    const served = await adminServed();
    const files = readdirSync(path.join(root, "src", "admin", "page"))
      .filter((file) => !/\.(html|json|d\.ts)$/.test(file))
      .concat("uplot.js", "uplot.css");
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const { headers, status, text } = await served.get(`/assets/${file}`);
      expect([file, status, headers.get("content-type")]).toEqual([file, 200, TYPES[path.extname(file)]]);
      expect(text.length).toBeGreaterThan(100);
    }
    const page = await served.get("/");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.text).toMatch(/^<!doctype html>/);
  });

  it("have no script and no style within the page, and nothing from elsewhere", async () => {
    const { text } = await (await adminServed()).get("/");
    expect(text).not.toMatch(/<style|style=|<script(?![^>]*\ssrc="\/assets\/)|\son[a-z]+=|https?:\/\//i);
    for (const [, reference = ""] of text.matchAll(/(?:src|href)="([^"#]+)"/g))
      expect(reference).toMatch(/^\/assets\//);
  });
});
