// The answers that a shell sees, and the calls that it cannot make without the token.
import { describe, expect, it } from "vitest";
import { RealProgram } from "../support/real_program.ts";
import { adminServed, TOKEN } from "./support/admin_served.ts";

const curl = new RealProgram("curl", "curl");

describe("curl", () => {
  it("reads numbers, and closes a connection only with the token", async (context) => {
    const served = await adminServed();
    const connection = await served.connect();
    const ask = async (...args: string[]) => {
      const { code, stdout } = await curl.run(context, ["--silent", "--noproxy", "*", ...args]);
      return [code, stdout];
    };
    const failing = "--fail-with-body";
    expect(await ask(failing, `${served.url}/readyz`)).toEqual([0, '{"status":"ready","phase":"serving"}\n']);
    expect(await ask(failing, "-X", "DELETE", `${served.url}/connections/1`)).toEqual([
      22,
      expect.stringContaining('"code":"unauthorized"'),
    ]);
    expect(await ask(failing, "-H", "Host: evil.example", `${served.url}/stats`)).toEqual([
      22,
      expect.stringContaining('"code":"host-not-allowed"'),
    ]);
    expect(served.server.stats().connections).toBe(1);
    const head = `Authorization: Bearer ${TOKEN}`;
    expect(await ask(failing, "-X", "DELETE", "-H", head, `${served.url}/connections/1`)).toEqual([
      0,
      '{"id":1,"closing":"in-order"}\n',
    ]);
    await connection.close();
    const body = ["-H", "Content-Type: application/json", "-d", '{"timeoutMs": 1000}'];
    expect(await ask(failing, "-H", head, ...body, `${served.url}/drain`)).toEqual([
      0,
      expect.stringContaining('"phase":"drain'),
    ]);
    expect((await ask(failing, `${served.url}/readyz`))[0]).toBe(22);
  });
});
