import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import { adminServed, TOKEN } from "./support/admin_served.ts";

const CLOSE = "Connection: close\r\n\r\n";

/** The status and the code of an answer as it came. */
function outcome(answer: string): [number, string | undefined] {
  return [Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]), /"code":"([\w-]+)"/.exec(answer)?.[1]];
}

const CHANGES: [string, string][] = [
  ["DELETE", "/connections/1"],
  ["POST", "/drain"],
  ["PUT", "/log-level"],
];

describe("a change", () => {
  it.each(CHANGES)("is refused without a token: %s %s", async (method, path) => {
    const levels: string[] = [];
    const served = await adminServed({ onLogLevel: (level) => void levels.push(level) });
    await served.connect();
    const answer = await served.ask(method, path);
    expect(answer).toMatchObject({ status: 401, json: { error: { code: "unauthorized" } } });
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    expect((await served.get("/connections")).json["total"]).toBe(1);
    expect((await served.get("/readyz")).status).toBe(200);
    expect(levels).toEqual([]);
  });

  it.each(CHANGES)("is refused where no token is configured: %s %s", async (method, path) => {
    const served = await adminServed({ token: undefined as never });
    await served.connect();
    const answer = await served.ask(method, path, { token: TOKEN });
    expect(answer).toMatchObject({
      status: 403,
      json: { error: { code: "no-token", message: expect.stringContaining("--admin-token-file") } },
    });
    expect((await served.get("/connections")).json["total"]).toBe(1);
  });

  it.each([
    ["a prefix", TOKEN.slice(0, -1)],
    ["a longer one", `${TOKEN}x`],
    ["one of equal length", `${TOKEN.slice(0, -1)}x`],
    ["one letter", "x"],
    ["a very long one", "x".repeat(4_000)],
  ])("is refused with a wrong token: %s", async (_which, token) => {
    const served = await adminServed();
    await served.connect();
    const answer = await served.ask("DELETE", "/connections/1", { token });
    expect(answer).toMatchObject({ status: 401, json: { error: { message: "the token is wrong" } } });
    expect(answer.headers.get("www-authenticate")).toBe('Bearer error="invalid_token"');
  });

  it("is refused with a token in another scheme, or in the address", async () => {
    const served = await adminServed();
    const basic = `DELETE /connections/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${TOKEN}\r\n${CLOSE}`;
    expect(outcome(await served.raw(basic))).toEqual([401, "unauthorized"]);
    const inQuery = `POST /drain?token=${TOKEN} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`;
    expect(outcome(await served.raw(inQuery))).toEqual([401, "unauthorized"]);
  });
});

describe("the Host of a request", () => {
  it.each([
    "127.0.0.1",
    "127.0.0.1:1",
    "127.9.9.9",
    "localhost",
    "LOCALHOST:9090",
    "[::1]:9090",
    "admin.example",
    "Admin.Example:443",
  ])("may be %s", async (host) => {
    const served = await adminServed({ hosts: ["admin.example"] });
    expect(outcome(await served.raw(`GET /stats HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}`))[0]).toBe(200);
  });

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:9090",
    "192.0.2.1",
    "[::2]",
    "localhost:x",
    "user@localhost",
    "",
  ])("may not be %j", async (host) => {
    const served = await adminServed({ hosts: ["admin.example"] });
    for (const path of ["/", "/stats", "/healthz", "/nothing"]) {
      const answer = await served.raw(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${CLOSE}`);
      expect(outcome(answer)).toEqual([421, "host-not-allowed"]);
    }
  });

  it("must be there, once", async () => {
    const served = await adminServed();
    expect(outcome(await served.raw(`GET /stats HTTP/1.1\r\n${CLOSE}`))[0]).toBe(400);
    expect(outcome(await served.raw(`GET /stats HTTP/1.0\r\n${CLOSE}`))).toEqual([421, "host-not-allowed"]);
    const twice = `GET /stats HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${CLOSE}`;
    expect(outcome(await served.raw(twice))[0]).toBeGreaterThanOrEqual(400);
  });
});

describe("the Origin of a request", () => {
  const ask = (origin: string, more = "") =>
    `GET /stats HTTP/1.1\r\nHost: localhost:9090\r\nOrigin: ${origin}\r\n${more}${CLOSE}`;

  it("may be that of the endpoint itself", async () => {
    const served = await adminServed();
    expect(outcome(await served.raw(ask("http://localhost:9090")))[0]).toBe(200);
    // A proxy may have ended TLS.
    expect(outcome(await served.raw(ask("https://localhost:9090")))[0]).toBe(200);
  });

  it.each([
    "http://evil.example",
    "http://localhost:9091",
    "http://127.0.0.1:9090",
    "http://localhost",
    "null",
    "file://",
    "localhost:9090",
  ])("may not be %s", async (origin) => {
    const served = await adminServed();
    const answer = await served.raw(ask(origin));
    expect(outcome(answer)).toEqual([403, "origin-not-allowed"]);
    expect(answer).not.toMatch(/access-control/i);
  });

  it("does not save a change with the right token", async () => {
    const served = await adminServed();
    await served.connect();
    const head = "DELETE /connections/1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n";
    expect(outcome(await served.raw(`${head}Authorization: Bearer ${TOKEN}\r\n${CLOSE}`))[0]).toBe(403);
    expect((await served.get("/connections")).json["total"]).toBe(1);
  });

  it("is told by Sec-Fetch-Site, too, except when somebody follows a link", async () => {
    const served = await adminServed();
    const site = (lines: string) => served.raw(`GET / HTTP/1.1\r\nHost: localhost\r\n${lines}${CLOSE}`);
    expect(outcome(await site("Sec-Fetch-Site: same-origin\r\n"))[0]).toBe(200);
    expect(outcome(await site("Sec-Fetch-Site: none\r\n"))[0]).toBe(200);
    const link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n";
    expect(outcome(await site(`${link}Sec-Fetch-Dest: document\r\n`))[0]).toBe(200);
    expect(outcome(await site(`${link}Sec-Fetch-Dest: iframe\r\n`))[0]).toBe(403);
    expect(outcome(await site("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n"))[0]).toBe(403);
  });
});

describe("a route", () => {
  it("that does not exist is 404, as JSON", async () => {
    const served = await adminServed();
    for (const path of ["/nothing", "/stats/", "/connections/1/2", "/%2e%2e/package.json", "/assets/../admin.ts"]) {
      expect(await served.get(path)).toMatchObject({ status: 404, json: { error: { code: "not-found" } } });
    }
  });

  it.each([
    ["POST", "/stats", "GET, HEAD"],
    ["DELETE", "/", "GET, HEAD"],
    ["GET", "/drain", "POST"],
    ["PUT", "/connections/1", "DELETE, GET, HEAD"],
    ["OPTIONS", "/log-level", "PUT"],
    ["PATCH", "/connections", "GET, HEAD"],
  ])("refuses other methods with 405: %s %s", async (method, path, allow) => {
    const answer = await (await adminServed()).ask(method, path, { token: TOKEN });
    expect(answer).toMatchObject({ status: 405, json: { error: { code: "method-not-allowed" } } });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  it("answers HEAD with the head of GET", async () => {
    const served = await adminServed();
    for (const path of ["/healthz", "/", "/connections", "/events", "/nothing"]) {
      const [head, body] = (await served.raw(`HEAD ${path} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`)).split("\r\n\r\n");
      expect(head).toMatch(path === "/nothing" ? /^HTTP\/1\.1 404/ : /^HTTP\/1\.1 200/);
      expect(head).toMatch(/\r\ncontent-length: \d+/i);
      expect(body).toBe("");
    }
  });

  it("answers with headers that keep, guess, frame and load nothing", async () => {
    const served = await adminServed();
    for (const path of ["/", "/stats", "/nothing"]) {
      const { headers } = await served.get(path);
      expect(Object.fromEntries(headers)).toMatchObject({
        "cache-control": "no-store",
        "content-security-policy": expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self';/),
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
      });
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
  });
});

describe("a body", () => {
  const send = (body: string, type = "application/json") =>
    `POST /drain HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Type: ${type}\r\n` +
    `Content-Length: ${body.length}\r\n${CLOSE}${body}`;

  it.each([
    ["no JSON", "{", "application/json", 400, "body-not-json"],
    ["of another type", "{}", "text/plain", 415, "body-not-json"],
    ["of a form's type", "a=1", "application/x-www-form-urlencoded", 415, "body-not-json"],
    ["too large", " ".repeat(4_097), "application/json", 413, "body-too-large"],
    ["much too large", " ".repeat(60_000), "application/json", 413, "body-too-large"],
  ])("that is %s is refused, and nothing drains", async (_what, body, type, status, code) => {
    const served = await adminServed();
    expect(outcome(await served.raw(send(body, type)))).toEqual([status, code]);
    expect((await served.get("/readyz")).status).toBe(200);
  });

  it("in chunks that grow too large is refused before its end", async () => {
    const served = await adminServed();
    const head =
      `POST /drain HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n` +
      "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    const chunk = `800\r\n${" ".repeat(0x800)}\r\n`;
    expect(outcome(await served.raw(`${head}${chunk.repeat(3)}0\r\n\r\n`))).toEqual([413, "body-too-large"]);
  });

  it("without an end is discarded up to a limit, and disconnects its sender", async () => {
    const served = await adminServed();
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    let answer = "";
    socket.on("data", (chunk: Uint8Array) => {
      answer += new TextDecoder().decode(chunk);
    });
    socket.write(`POST /drain HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n`);
    const feed = () => {
      while (!socket.destroyed && socket.write(" ".repeat(16_384)));
      if (!socket.destroyed) socket.once("drain", feed);
    };
    feed();
    await closed;
    expect(socket.bytesWritten).toBeLessThan(50_000_000);
    expect(answer === "" || answer.startsWith("HTTP/1.1 401")).toBe(true);
  });
});

describe("a target", () => {
  it("of more than 2,048 characters is refused", async () => {
    const served = await adminServed();
    const path = `/stats?${"a".repeat(2_048)}`;
    expect(await served.get(path)).toMatchObject({ status: 414, json: { error: { code: "target-too-long" } } });
  });

  it("must be a path", async () => {
    const served = await adminServed();
    for (const target of ["http://localhost/stats", "//localhost/stats", "*"]) {
      const answer = await served.raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`);
      expect(outcome(answer)[0]).toBe(400);
    }
  });
});

describe("the rate of requests", () => {
  it("is limited, except that of probes", async () => {
    let now = 0;
    const clock = { now: () => now, setTimeout, clearTimeout: (handle: unknown) => clearTimeout(handle as number) };
    const served = await adminServed({ clock });
    const statuses = new Map<number, number>();
    for (let count = 0; count < 250; count += 1) {
      const { status, headers } = await served.get("/closed");
      if (status === 429) expect(headers.get("retry-after")).toBe("1");
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
    expect([...statuses]).toEqual([
      [200, 200],
      [429, 50],
    ]);
    expect((await served.get("/readyz")).status).toBe(200);
    now += 1_000;
    expect((await served.get("/closed")).status).toBe(200);
  });
});

describe("a target that is read as another path", () => {
  it.each([
    "/\\[",
    "/\\healthz",
    "/connections\\1",
    "/x/../healthz",
    "/./healthz",
    "/x/%2e%2e/healthz",
    "/healthz/.",
    "/healthz#x",
    "/stats?#x",
    "/healthz?a=b#c",
    "/\\\\example.com/healthz",
    "/[",
  ])("is refused: %s", async (target) => {
    const served = await adminServed();
    const answer = await served.raw(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${CLOSE}`);
    // A path without a route is one too.
    expect(outcome(answer)).toEqual(target === "/[" ? [404, "not-found"] : [400, "bad-request"]);
  });

  it.each(["DELETE /connections/x/../1", "POST /x/../drain", "PUT /\\log-level", "POST /drain#"])(
    "changes nothing, token or not: %s",
    async (begin) => {
      const served = await adminServed({ onLogLevel: () => expect.unreachable() });
      await served.connect();
      const answer = await served.raw(
        `${begin} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n${CLOSE}`,
      );
      expect(outcome(answer)).toEqual([400, "bad-request"]);
      expect(served.server.stats().connections).toBe(1);
      expect((await served.get("/readyz")).status).toBe(200);
    },
  );
});
