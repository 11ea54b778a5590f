import { describe, expect, it } from "vitest";
import { SERVE_OPTIONS } from "../../src/cli/limit_settings.ts";
import { serveOptions } from "../../src/cli/serve_options.ts";
import type { ServiceOptions } from "../../src/cli/service_module.ts";
import { lines, type ServerEvent } from "../../src/mod.ts";

const service: ServiceOptions = { codec: lines(), handler: (line) => line };
const log = () => undefined;
const noError = (error: unknown) => expect(error).toBeUndefined();

describe("serveOptions", () => {
  it("falls back to 127.0.0.1:8080, and to the core's limits", () => {
    expect(serveOptions(service, {}, log, noError)).toEqual({
      ...service,
      hostname: "127.0.0.1",
      port: 8080,
      observer: log,
    });
  });

  it("lets a service say otherwise", () => {
    const own = { ...service, hostname: "::1", port: 9000, idleTimeoutMs: 1, backlog: 2 };
    expect(serveOptions(own, {}, log, noError)).toEqual({ ...own, observer: log });
  });

  it("lets what was set have the last word, for every limit and policy", () => {
    const said = { ...Object.fromEntries(SERVE_OPTIONS.map((name) => [name, 1])), hostname: "::1", port: 9000 };
    const set = {
      ...Object.fromEntries(SERVE_OPTIONS.map((name, index) => [name, index + 2])),
      hostname: "::",
      port: 0,
    };
    expect(serveOptions({ ...service, ...said }, set, log, noError)).toEqual({ ...service, ...set, observer: log });
  });

  it("replaces where a service listens by a port that was set", () => {
    const here = { ...service, noDelay: false, observer: log };
    for (const own of [{ path: "/x", mode: 0o660 }, { fd: 3 }, { listen: [{ port: 1 }] }]) {
      expect(serveOptions({ ...service, noDelay: false, ...own }, {}, log, noError)).toEqual({ ...here, ...own });
      expect(serveOptions({ ...service, noDelay: false, ...own }, { port: 5 }, log, noError)).toEqual({
        ...here,
        hostname: "127.0.0.1",
        port: 5,
      });
      expect(serveOptions({ ...service, noDelay: false, ...own }, { listen: [] }, log, noError)).toEqual(here);
    }
    const own = { ...service, hostname: "::1", port: 9000, ipv6Only: true, reusePort: true };
    expect(serveOptions(own, { port: 5 }, log, noError)).toEqual({ ...own, port: 5, observer: log });
    expect(serveOptions(own, { listen: [] }, log, noError)).toEqual({ ...service, observer: log });
  });

  it("gives the path of a service the permissions that were set", () => {
    expect(serveOptions({ ...service, path: "/x" }, { unixMode: 0o660 }, log, noError)).toEqual({
      ...service,
      path: "/x",
      mode: 0o660,
      observer: log,
    });
  });

  it("shows events to the log first, then to the service's own observer", () => {
    const seen: string[] = [];
    const event: ServerEvent = { type: "draining", connections: 1 };
    const own = { ...service, observer: () => seen.push("service") };
    serveOptions(own, {}, () => seen.push("log"), noError).observer(event);
    expect(seen).toEqual(["log", "service"]);
  });

  it("keeps what a service's observer throws from the core, which would write it to stderr and wait", () => {
    const thrown: unknown[] = [];
    const event: ServerEvent = { type: "draining", connections: 1 };
    const error = new Error("observer bug");
    const own = {
      ...service,
      observer: () => {
        throw error;
      },
    };
    serveOptions(own, {}, log, (...what) => thrown.push(what)).observer(event);
    expect(thrown).toEqual([[error, event]]);
  });
});
