// Every state that a path can be in, and every moment at which another server can come: over a file system that is made up.
import { describe, expect, it } from "vitest";
import { listenAtPath, type PathHost, SpillwayError } from "../../src/core/mod.ts";
import type { Connection } from "../../src/mod.ts";
import { type ManualClock, manualClock } from "../../src/testing/mod.ts";

const PATH = "/run/echo.sock";
const LOCK = "/run/.echo.sock.lock";

type Kind = "socket" | "file" | "directory" | "symlink";
type Listening = "nobody" | "somebody" | "somebody who hangs" | "somebody whom we may not ask";

interface Inode {
  readonly ino: bigint;
  readonly kind: Kind;
  readonly mtimeNs: bigint;
  owner: string;
  listening: Listening;
  mode: number;
}

const failure = (code: string, name = "Error") => Object.assign(new Error(`${code}: no`), { code, name });

/** A file system with one directory that matters, and those who listen in it. */
class MadeUp implements PathHost<{ close(): void }> {
  readonly names = new Map<string, Inode>([["/run", inode(1n, "directory")]]);
  /** The calls, without paths. */
  readonly calls: string[] = [];
  /** The connections, by the paths that they were made to. */
  readonly connected: string[] = [];
  /** The mode of the socket when it got its path. */
  modeAtPath: number | undefined;
  /** Runs before a call, which is counted from 0. */
  before: (count: number) => void = () => {};
  failing: { call: string; error: Error } | undefined;
  readonly clock: ManualClock = manualClock();
  readonly files = this;
  /** The number that the next inode gets: file systems use them again. */
  nextIno = 100n;
  #time = 1n;

  #called(call: string): void {
    this.before(this.calls.length);
    this.calls.push(call);
    if (this.failing?.call === call) throw this.failing.error;
  }

  make(path: string, kind: Kind, listening: Listening = "nobody", owner = "other"): Inode {
    const made = { ...inode(this.nextIno, kind), mtimeNs: this.#time++, listening, owner };
    this.nextIno += 1n;
    this.names.set(path, made);
    return made;
  }

  at(path: string): Inode {
    const found = this.names.get(path);
    if (found === undefined) throw failure("ENOENT");
    return found;
  }

  /** Starts another server, all at once. */
  intrude(): Inode | undefined {
    const there = this.names.get(PATH);
    if (there !== undefined && (there.kind !== "socket" || there.listening !== "nobody")) return undefined;
    if (there !== undefined && this.names.has(LOCK)) return undefined;
    // The worst case: its socket gets the number of the one that it replaces.
    if (there !== undefined) this.nextIno = there.ino;
    return this.make(PATH, "socket", "somebody", "intruder");
  }

  lstatSync(path: string) {
    this.#called("lstat");
    const { ino, kind, mtimeNs } = this.at(path);
    return { dev: 1n, ino, mtimeNs, isSocket: () => kind === "socket" };
  }
  mkdtempSync(prefix: string): string {
    this.#called("mkdtemp");
    if (!this.names.has(prefix.slice(0, prefix.lastIndexOf("/")))) throw failure("ENOENT");
    this.make(`${prefix}AbCdEf`, "directory");
    return `${prefix}AbCdEf`;
  }
  chmodSync(path: string, mode: number): void {
    this.#called("chmod");
    this.at(path).mode = mode;
  }
  linkSync(from: string, to: string): void {
    this.#called("link");
    if (this.names.has(to)) throw failure("EEXIST");
    this.#name(to, this.at(from));
  }
  renameSync(from: string, to: string): void {
    this.#called("rename");
    const moved = this.at(from);
    this.names.delete(from);
    this.#name(to, moved);
  }
  unlinkSync(path: string): void {
    this.#called("unlink");
    this.at(path);
    this.names.delete(path);
  }
  rmdirSync(path: string): void {
    this.#called("rmdir");
    if ([...this.names.keys()].some((name) => name.startsWith(`${path}/`))) throw failure("ENOTEMPTY");
    this.names.delete(path);
  }

  #name(path: string, named: Inode): void {
    this.names.set(path, named);
    if (path === PATH && named.owner === "ours") this.modeAtPath = named.mode;
  }

  /** As the runtimes: whatever has the path that was bound is removed when the listener closes. */
  listen(path: string): { close(): void } {
    this.#called("listen");
    if (path !== "\0abstract" && new TextEncoder().encode(path).length > 107) throw failure("EINVAL");
    const socket = this.make(path, "socket", "somebody", "ours");
    socket.mode = 0o777;
    const close = () => {
      socket.listening = "nobody";
      this.names.delete(path);
    };
    return { close };
  }

  async connect(path: string, signal: AbortSignal): Promise<Connection> {
    this.#called("connect");
    this.connected.push(path);
    const listening = this.names.get(path)?.listening ?? "nobody";
    if (listening === "nobody") throw new SpillwayError("connection-refused", "nobody listens");
    if (listening === "somebody whom we may not ask") throw new SpillwayError("permission-denied", "not for us");
    if (listening === "somebody") return { abort: () => this.calls.push("abort") } as unknown as Connection;
    return new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(new SpillwayError("connect-aborted", "it took too long")));
    });
  }
}

function inode(ino: bigint, kind: Kind): Inode {
  return { ino, kind, mtimeNs: 0n, owner: "other", listening: "nobody", mode: 0o755 };
}

/** Returns the names that are left besides the path itself. */
function litter({ names }: MadeUp): string[] {
  return [...names.keys()].filter((name) => name !== "/run" && name !== PATH);
}

describe("listening at a path", () => {
  it("binds beside it, sets the permissions, and links: nobody can connect with wider ones", async () => {
    const system = new MadeUp();
    await listenAtPath(PATH, 0o660, system);
    expect(system.calls).toEqual(["mkdtemp", "listen", "chmod", "lstat", "link", "unlink", "rmdir"]);
    expect(system.modeAtPath).toBe(0o660);
    expect(system.at(PATH)).toMatchObject({ owner: "ours", listening: "somebody" });
    expect(litter(system)).toEqual([]);
  });

  it("lets only this user connect, unless a mode allows others", async () => {
    const system = new MadeUp();
    await listenAtPath(PATH, undefined, system);
    expect(system.modeAtPath).toBe(0o600);
  });

  it("replaces a socket that refuses connections", async () => {
    const system = new MadeUp();
    system.make(PATH, "socket");
    await listenAtPath(PATH, undefined, system);
    expect(system.connected).toEqual([PATH]);
    expect(system.at(PATH).owner).toBe("ours");
    expect(litter(system)).toEqual([]);
  });

  it.each([
    ["a file", "file", "nobody", /another kind.*not replaced/],
    ["a directory", "directory", "nobody", /another kind/],
    ["a link, to a dead socket too,", "symlink", "nobody", /another kind/],
    ["a live socket", "socket", "somebody", /another server.*listening/],
    [
      "a socket that it may not ask",
      "socket",
      "somebody whom we may not ask",
      /does not refuse connections: not for us/,
    ],
  ] as const)("leaves %s alone", async (_what, kind, listening, why) => {
    const system = new MadeUp();
    const there = system.make(PATH, kind, listening);
    const attempt = listenAtPath(PATH, undefined, system);
    await expect(attempt).rejects.toMatchObject({ code: "address-in-use", message: expect.stringMatching(why) });
    await expect(attempt).rejects.toThrow("unix:/run/echo.sock");
    expect(system.at(PATH)).toBe(there);
    expect(litter(system)).toEqual([]);
    expect(system.calls.includes("rename")).toBe(false);
  });

  it("takes a server for alive that does not answer within a second", async () => {
    const system = new MadeUp();
    const there = system.make(PATH, "socket", "somebody who hangs");
    const attempt = listenAtPath(PATH, undefined, system);
    attempt.catch(() => undefined);
    await system.clock.advance(999);
    expect(system.calls.at(-1)).toBe("connect");
    await system.clock.advance(1);
    await expect(attempt).rejects.toMatchObject({ code: "address-in-use" });
    expect(system.at(PATH)).toBe(there);
  });

  it.each(["nothing", "a dead socket"])("gives the path to one of two servers, where there was %s", async (before) => {
    // A second server starts at each moment in turn, until it comes too late to meet the first.
    let met = 0;
    for (let moment = 0; moment < 100; moment++) {
      const system = new MadeUp();
      if (before === "a dead socket") system.make(PATH, "socket");
      let intruder: Inode | undefined;
      system.before = (count) => {
        if (count === moment) intruder = system.intrude();
      };
      const outcome = await listenAtPath(PATH, undefined, system).catch((error: unknown) => error as SpillwayError);
      const owner = system.at(PATH).owner;
      expect(system.at(PATH).listening).toBe("somebody");
      expect(litter(system)).toEqual([]);
      if (intruder === undefined) expect([moment, owner]).toEqual([moment, "ours"]);
      else {
        met += 1;
        expect([moment, owner, (outcome as SpillwayError).code]).toEqual([moment, "intruder", "address-in-use"]);
      }
    }
    expect(met).toBeGreaterThan(before === "nothing" ? 4 : 7);
  });

  it("replaces nothing while another server does, and the path is that one's", async () => {
    const system = new MadeUp();
    system.make(PATH, "socket");
    system.make(LOCK, "socket", "somebody", "intruder");
    const attempt = listenAtPath(PATH, undefined, system);
    attempt.catch(() => undefined);
    await system.clock.advance(35);
    expect(system.at(PATH).owner).toBe("other");
    system.names.set(PATH, system.at(LOCK));
    system.names.delete(LOCK);
    await system.clock.advance(10);
    await expect(attempt).rejects.toMatchObject({ code: "address-in-use" });
    expect(system.at(PATH).owner).toBe("intruder");
    expect(litter(system)).toEqual([]);
  });

  it("takes the lock of a server that died with it, and no other", async () => {
    for (const [kind, listening, taken] of [
      ["socket", "nobody", true],
      ["socket", "somebody", false],
      ["socket", "somebody whom we may not ask", false],
      ["file", "nobody", false],
      ["directory", "nobody", false],
    ] as const) {
      const system = new MadeUp();
      system.make(PATH, "socket");
      system.make(LOCK, kind, listening);
      const attempt = listenAtPath(PATH, undefined, system).catch((error: unknown) => error as SpillwayError);
      await system.clock.advance(1_000);
      const outcome = await attempt;
      expect([kind, listening, system.at(PATH).owner]).toEqual([kind, listening, taken ? "ours" : "other"]);
      expect(litter(system)).toEqual(taken ? [] : [LOCK]);
      if (!taken) expect(outcome).toMatchObject({ code: "address-in-use", message: expect.stringContaining(LOCK) });
    }
  });

  it("leaves a lock that another server has taken while it asked", async () => {
    const system = new MadeUp();
    system.make(PATH, "socket");
    system.make(LOCK, "socket");
    system.before = () => {
      if (system.calls.at(-1) === "connect" && system.connected.at(-1) === LOCK) {
        system.make(LOCK, "socket", "somebody", "intruder");
      }
    };
    const attempt = listenAtPath(PATH, undefined, system);
    attempt.catch(() => undefined);
    await system.clock.advance(1_000);
    await expect(attempt).rejects.toMatchObject({ code: "address-in-use" });
    expect(system.at(LOCK).owner).toBe("intruder");
    expect(system.at(PATH).owner).toBe("other");
  });

  it("gives up when others take the path again and again, and leaves it to them", async () => {
    const system = new MadeUp();
    system.make(PATH, "socket");
    system.before = () => {
      // A new dead socket each time that it looks.
      if (system.calls.at(-1) === "connect") system.make(PATH, "socket");
    };
    const failed = listenAtPath(PATH, undefined, system);
    await expect(failed).rejects.toMatchObject({
      code: "address-in-use",
      message: expect.stringContaining("other servers"),
    });
    expect(system.connected).toHaveLength(50);
    expect(litter(system)).toEqual([]);
  });

  it.each(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"])(
    "renames where the file system refuses links with %s, and still replaces nothing that lives",
    async (code) => {
      const system = new MadeUp();
      system.failing = { call: "link", error: failure(code) };
      system.make(PATH, "socket");
      await listenAtPath(PATH, 0o660, system);
      expect(system.at(PATH)).toMatchObject({ owner: "ours", mode: 0o660 });
      expect(litter(system)).toEqual([]);
      await expect(listenAtPath(PATH, undefined, system)).rejects.toMatchObject({ code: "address-in-use" });
      expect(system.at(PATH).mode).toBe(0o660);
    },
  );

  it.each([
    ["mkdtemp", failure("ENOENT"), "listen-failed", /directory does not exist/],
    ["mkdtemp", failure("EACCES"), "permission-denied", /permission to write to its directory/],
    ["mkdtemp", failure("EROFS"), "permission-denied", /permission/],
    ["mkdtemp", failure("", "NotCapable"), "permission-denied", /permission/],
    ["mkdtemp", failure("ENOSPC"), "listen-failed", /ENOSPC/],
    ["chmod", failure("EPERM"), "permission-denied", /permission/],
    ["link", failure("ENOSPC"), "listen-failed", /ENOSPC/],
    ["rename", failure("EPERM"), "permission-denied", /permission/],
    ["rename", failure("EIO"), "listen-failed", /EIO/],
  ] as const)("says why %s fails with %o, and leaves nothing behind", async (call, error, code, why) => {
    const system = new MadeUp();
    system.make(PATH, "socket");
    system.failing = { call, error };
    const failed = listenAtPath(PATH, undefined, system);
    await expect(failed).rejects.toMatchObject({ code, cause: error, message: expect.stringMatching(why) });
    expect(system.at(PATH).owner).toBe("other");
    expect(litter(system)).toEqual([]);
  });

  it("passes on why the runtime cannot listen", async () => {
    const system = new MadeUp();
    const error = new SpillwayError("out-of-descriptors", "no more");
    system.failing = { call: "listen", error };
    await expect(listenAtPath(PATH, undefined, system)).rejects.toBe(error);
    expect(litter(system)).toEqual([]);
  });

  it("in the working directory and in the root binds beside the path, too", async () => {
    for (const [path, directory] of [
      ["echo.sock", ""],
      ["/echo.sock", ""],
    ] as const) {
      const system = new MadeUp();
      system.names.set(directory, inode(2n, "directory"));
      const prefixes: string[] = [];
      const made = system.mkdtempSync.bind(system);
      system.mkdtempSync = (prefix) => {
        prefixes.push(prefix);
        return made(prefix);
      };
      await listenAtPath(path, undefined, system);
      expect(prefixes).toEqual([path.replace("echo.sock", ".")]);
      expect(system.at(path).owner).toBe("ours");
    }
  });

  it("with an abstract name touches no file", async () => {
    const system = new MadeUp();
    const { remove } = await listenAtPath("\0abstract", undefined, system);
    remove();
    expect(system.calls).toEqual(["listen"]);
  });
});

describe("a listener at a path that closes", () => {
  it("removes its socket, before it stops to listen", async () => {
    const system = new MadeUp();
    const { bound, remove } = await listenAtPath(PATH, undefined, system);
    const socket = system.at(PATH);
    remove();
    expect(system.names.has(PATH)).toBe(false);
    expect(socket.listening).toBe("somebody");
    bound.close();
    remove();
    expect([...system.names.keys()]).toEqual(["/run"]);
  });

  it("leaves what is there instead, of whatever kind", async () => {
    for (const kind of ["socket", "file", "directory", "symlink"] as const) {
      const system = new MadeUp();
      const { bound, remove } = await listenAtPath(PATH, undefined, system);
      const there = system.make(PATH, kind, "somebody");
      remove();
      bound.close();
      expect(system.at(PATH)).toBe(there);
    }
  });

  it("leaves its socket where it may not remove it any more", async () => {
    const system = new MadeUp();
    const { remove } = await listenAtPath(PATH, undefined, system);
    system.failing = { call: "unlink", error: failure("EACCES") };
    expect(remove).not.toThrow();
    expect(system.at(PATH).owner).toBe("ours");
  });
});
