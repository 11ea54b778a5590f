import { describe, expect, it } from "vitest";
import { given } from "../../src/cli/given.ts";
import { parseListenSpec } from "../../src/cli/listen_spec.ts";
import { resolvePlaces, withSteps } from "../../src/cli/listen_targets.ts";
import type { CliServeOptions } from "../../src/cli/serve_options.ts";
import type { SettingName } from "../../src/cli/setting.ts";
import { type EstablishStep, lines } from "../../src/mod.ts";

const service: CliServeOptions = { codec: lines(), handler: (line) => line, observer: () => {} };
const step = (): EstablishStep => (connection) => connection;

function said(settings: Partial<Record<SettingName, unknown>>) {
  return given(
    Object.entries(settings).map(([name, value]) => ({
      name: name as SettingName,
      value,
      origin: { source: name, text: `option '${name}'` },
    })),
  );
}

function places(specs: readonly string[], options: object = {}, settings: object = {}) {
  const surroundings = { cwd: "/work", variables: { LISTEN_FDS: "2", LISTEN_PID: "1", LISTEN_FDNAMES: "a:b" }, pid: 1 };
  const listen = specs.length === 0 ? {} : { listen: specs.map(parseListenSpec) };
  return resolvePlaces({ ...service, ...options }, said({ ...listen, ...settings }), surroundings);
}

describe("places to listen on", () => {
  it("become targets, in their order; relative paths start from the directory of the command", () => {
    const specs = ["tls://[::1]:1", "unix:x.sock", "unix:///run/y", "unix:@name", "fd:9", "systemd", "tcp://h:0"];
    const { options, speaksTls } = places(specs, { noDelay: false });
    expect(options).toEqual({
      ...service,
      listen: [
        { hostname: "::1", port: 1, noDelay: false },
        { path: "/work/x.sock" },
        { path: "/run/y" },
        { path: "\0name" },
        { fd: 9, noDelay: false },
        { fd: 3, noDelay: false },
        { fd: 4, noDelay: false },
        { hostname: "h", port: 0, noDelay: false },
      ],
    });
    expect(options.listen?.map((_, index) => speaksTls(index))).toEqual([true, ...Array(7).fill(false)]);
  });

  it("speak TLS where they say so, also when one of them is several", () => {
    const { options, speaksTls } = places(["tls+systemd", "fd:9", "tls+unix:/x"]);
    expect(options.listen?.map((_, index) => speaksTls(index))).toEqual([true, true, false, true]);
  });

  it("with a certificate speak TLS, unless a list says which", () => {
    const certificate = { tlsCert: "a.pem", tlsKey: "b.pem" };
    expect(places([], { port: 1 }, certificate).speaksTls(0)).toBe(true);
    expect(places([], { listen: [{ port: 1 }, { path: "/x" }] }, certificate).speaksTls(1)).toBe(true);
    expect(places(["fd:3"], {}, certificate).speaksTls(0)).toBe(false);
    expect(places([], { port: 1 }).speaksTls(0)).toBe(false);
  });

  it("have permissions if they are paths", () => {
    const { options } = places(["unix:/x", "unix:@name", "fd:9"], {}, { unixMode: 0o660 });
    expect(options.listen).toEqual([{ path: "/x", mode: 0o660 }, { path: "\0name" }, { fd: 9 }]);
  });

  it.each([
    [["fd:3", "systemd"], {}, "option 'listen' names descriptor 3 twice"],
    [["unix:x", "unix:/work/x"], {}, "option 'listen' names unix:/work/x twice"],
    [["tcp://[::1]:1", "tls://[::1]:1"], {}, "option 'listen' names [::1]:1 twice"],
    [["systemd:c"], {}, "option 'listen' says systemd, but it has passed no socket with the name 'c'"],
    [["fd:3", "unix:@x"], { unixMode: 0o666 }, "option 'unixMode' has no effect: nothing listens at a path"],
    [[], { unixMode: 0o666 }, "option 'unixMode' has no effect"],
  ])("%j with %j are refused", (specs, settings, message) => {
    expect(() => places(specs, {}, settings)).toThrow(message);
  });

  it("may be several free ports", () => {
    expect(places(["tcp://[::1]:0", "tcp://[::1]:0"]).options.listen).toHaveLength(2);
  });
});

describe("the steps of the command line", () => {
  const [plain, tls, own, targets] = [step(), step(), step(), step()] as const;
  const steps = { plain: [plain], tls: [plain, tls] };

  it("come before those of the service, and before those of a target of its own", () => {
    const placed = places(["fd:9", "tls+fd:10"], { establish: [own] });
    expect(withSteps(placed, steps).listen).toEqual([
      { fd: 9, establish: [plain, own] },
      { fd: 10, establish: [plain, tls, own] },
    ]);
    const theirs = places([], { listen: [{ port: 1, establish: [targets] }, { port: 2 }], establish: [own] });
    expect(withSteps(theirs, steps).listen).toEqual([
      { port: 1, establish: [plain, targets] },
      { port: 2, establish: [plain, own] },
    ]);
    expect(withSteps(places([], { port: 1, establish: [own] }), steps).establish).toEqual([plain, own]);
    expect(withSteps(places([], { port: 1 }), steps).establish).toEqual([plain]);
  });

  it("are none unless they are asked for", () => {
    const none = { plain: [], tls: [] };
    expect(withSteps(places([], { port: 1 }), none)).toEqual({ ...service, port: 1 });
    expect(withSteps(places(["fd:9"]), none)).toEqual({ ...service, listen: [{ fd: 9 }] });
  });

  it("leave what makes no sense to the server, which says so", () => {
    const wrong = { establish: "tls" as unknown as EstablishStep[] };
    expect(withSteps(places([], { port: 1, ...wrong }), steps)).toMatchObject(wrong);
    const listen = "here" as unknown as [];
    expect(withSteps(places([], { listen }), steps).listen).toBe("here");
  });
});
