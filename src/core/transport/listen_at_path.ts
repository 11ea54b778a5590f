import { SpillwayError } from "../errors/errors.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { addressText } from "./address_text.ts";
import type { Connection } from "./transport.ts";
import { isAbstract } from "./unix_path.ts";

/** The permissions of a socket without a `mode`: only this user can connect. */
const OWNER_ONLY = 0o600;

/** A server that does not answer for so long is alive: it is stopped, or busy. */
const ANSWER_MS = 1_000;

/** The most times that the path is looked at, while others replace what is there, before it counts as in use. */
const MOST_ATTEMPTS = 50;

/** A server holds its lock for a few calls. */
const LOCK_PAUSE_MS = 10;

/** The pauses after which a server that holds its lock may have died. */
const PATIENCE = 10;

/** The facts of the file system about a name. */
export interface FileFacts {
  /** The device that it is on. */
  readonly dev: bigint;
  /** Its number on the device. */
  readonly ino: bigint;
  /** When the socket was bound: nothing that is done to its names changes it. */
  readonly mtimeNs: bigint;
  /** Whether it is a socket. */
  isSocket(): boolean;
}

/** The calls that put a socket in its place, as `node:fs` has them. */
export interface SocketFiles {
  /** As of `node:fs`. */
  lstatSync(path: string, options: { readonly bigint: true }): FileFacts;
  /** As of `node:fs`. */
  mkdtempSync(prefix: string): string;
  /** As of `node:fs`. */
  chmodSync(path: string, mode: number): void;
  /** As of `node:fs`. */
  linkSync(from: string, to: string): void;
  /** As of `node:fs`. */
  renameSync(from: string, to: string): void;
  /** As of `node:fs`. */
  unlinkSync(path: string): void;
  /** As of `node:fs`. */
  rmdirSync(path: string): void;
}

/** The calls of a runtime that {@link listenAtPath} needs. */
export interface PathHost<Bound extends { close(): void }> {
  /** The files of the system. */
  readonly files: SocketFiles;
  /** Listens at a path where nothing is. The runtime may remove that path when the listener closes. */
  listen(path: string): Bound | Promise<Bound>;
  /** Connects to a path. Rejects with `connection-refused` if nobody listens there, and only then. */
  connect(path: string, signal: AbortSignal): Promise<Pick<Connection, "abort">>;
  /** The clock, for tests. Default: the clock of the runtime. */
  readonly clock?: Clock;
}

/** A listener in its place. */
export interface Placed<Bound> {
  /** The socket that the runtime has bound. */
  readonly bound: Bound;
  /** Removes the socket, if the path is still that of this listener. Call it before the listener closes. */
  readonly remove: () => void;
  /** Whether the path is still that of this listener. Ask while the listener is open. */
  readonly isInPlace: () => boolean;
}

/**
 * Listens at the path of a Unix domain socket. Its permissions hold before anybody can connect.
 *
 * The socket is bound in a directory of its own beside the path, which no other user may enter, gets its permissions
 * there, and is linked to the path. Linking fails where something is, so no live socket is ever replaced. The runtimes
 * remove the path that they bound when they close, whatever is there by then: that is the one in the directory, which is
 * gone.
 *
 * A file at the path is replaced only if it is a socket and refuses connections. The one server that may replace it is
 * the one that has linked its socket to the name of the lock, too. So of any number of servers that start at once, one
 * gets the path. A lock whose holder refuses connections was left by a server that died, and is removed.
 *
 * Two moments remain: servers that find a lock of a dead server at the same time may both take it; and where the file
 * system has no hard links, there is no lock, and the socket is renamed to its path after a look at it.
 *
 * @throws {SpillwayError} `address-in-use`, `permission-denied`, `listen-failed`, and what the runtime's own `listen` throws
 */
export async function listenAtPath<Bound extends { close(): void }>(
  path: string,
  mode: number | undefined,
  host: PathHost<Bound>,
): Promise<Placed<Bound>> {
  if (isAbstract(path)) return { bound: await host.listen(path), remove: () => {}, isInPlace: () => true };
  return new Placing(path, host).place(mode ?? OWNER_ONLY);
}

class Placing<Bound extends { close(): void }> {
  readonly #path: string;
  readonly #host: PathHost<Bound>;
  readonly #files: SocketFiles;
  /** The directory of its own. */
  readonly #directory: string;
  /** The socket in it. It keeps its name, by which tools and {@link isBound} show it. */
  readonly #inner: string;
  /** The name of the lock, which is another name of the socket whose server holds it. */
  readonly #lock: string;
  /** The pauses in which others have held the lock. */
  #pauses = 0;

  constructor(path: string, host: PathHost<Bound>) {
    const base = path.lastIndexOf("/") + 1;
    this.#path = path;
    this.#host = host;
    this.#files = host.files;
    this.#directory = this.#call(() => this.#files.mkdtempSync(`${path.slice(0, base)}.`));
    this.#inner = `${this.#directory}/${path.slice(base)}`;
    this.#lock = `${path.slice(0, base)}.${path.slice(base)}.lock`;
  }

  async place(mode: number): Promise<Placed<Bound>> {
    let bound: Bound | undefined;
    try {
      bound = await this.#host.listen(this.#inner);
      this.#call(() => this.#files.chmodSync(this.#inner, mode));
      const { dev, ino } = this.#call(() => this.#facts(this.#inner)) as FileFacts;
      await this.#claim();
      return { bound, remove: () => this.#remove(dev, ino), isInPlace: () => this.#isAt(dev, ino) };
    } catch (error) {
      bound?.close();
      throw error;
    } finally {
      attempt(() => this.#files.unlinkSync(this.#inner));
      attempt(() => this.#files.rmdirSync(this.#directory));
    }
  }

  async #claim(): Promise<void> {
    for (let count = 0; count < MOST_ATTEMPTS; count++) {
      if (this.#call(() => this.#link())) return;
      const found = this.#call(() => this.#facts(this.#path));
      if (found === undefined) continue;
      if (!found.isSocket()) throw this.#inUse("is a file of another kind, which is not replaced: choose another path");
      await this.#expectDead();
      if (await this.#replace(found)) return;
    }
    throw this.#inUse(`is being replaced by other servers, or ${this.#lock} was left by one: remove it`);
  }

  /** Gives the socket its path, unless something is there. */
  #link(): boolean {
    try {
      this.#files.linkSync(this.#inner, this.#path);
      return true;
    } catch (cause) {
      if (codeOf(cause) === "EEXIST") return false;
      if (!NO_LINKS.has(codeOf(cause))) throw cause;
    }
    if (this.#facts(this.#path) !== undefined) return false;
    this.#files.renameSync(this.#inner, this.#path);
    return true;
  }

  /** @throws {SpillwayError} `address-in-use`: somebody listens, or might listen, at the path */
  async #expectDead(): Promise<void> {
    const answer = await this.#answerOf(this.#path);
    if (answer === "refused") return;
    if (answer === "accepted") throw this.#inUse("is that of another server, which is listening");
    throw this.#inUse(`is a socket that does not refuse connections: ${answer.message}`, answer);
  }

  async #answerOf(path: string): Promise<"refused" | "accepted" | Error> {
    const { clock = systemClock } = this.#host;
    const controller = new AbortController();
    const timer = clock.setTimeout(() => controller.abort(), ANSWER_MS);
    try {
      (await this.#host.connect(path, controller.signal)).abort();
      return "accepted";
    } catch (cause) {
      if (cause instanceof SpillwayError && cause.code === "connection-refused") return "refused";
      return cause as Error;
    } finally {
      clock.clearTimeout(timer);
    }
  }

  /** Takes the place of `dead`, unless that is another's to do. */
  async #replace(dead: FileFacts): Promise<boolean> {
    const locked = this.#call(() => this.#takeLock());
    if (locked === "by another") {
      await this.#waitForLock();
      return false;
    }
    try {
      return this.#call(() => {
        const now = this.#facts(this.#path);
        if (now === undefined || !isSame(now, dead)) return false;
        this.#files.renameSync(this.#inner, this.#path);
        return true;
      });
    } finally {
      if (locked === "by us") attempt(() => this.#files.unlinkSync(this.#lock));
    }
  }

  #takeLock(): "by us" | "by another" | "not at all" {
    try {
      this.#files.linkSync(this.#inner, this.#lock);
      return "by us";
    } catch (cause) {
      if (codeOf(cause) === "EEXIST") return "by another";
      if (NO_LINKS.has(codeOf(cause))) return "not at all";
      throw cause;
    }
  }

  async #waitForLock(): Promise<void> {
    const { clock = systemClock } = this.#host;
    await new Promise<void>((resolve) => {
      clock.setTimeout(resolve, LOCK_PAUSE_MS);
    });
    this.#pauses += 1;
    if (this.#pauses < PATIENCE) return;
    this.#pauses = 0;
    const found = this.#call(() => this.#facts(this.#lock));
    if (found?.isSocket() !== true || (await this.#answerOf(this.#lock)) !== "refused") return;
    attempt(() => {
      const now = this.#facts(this.#lock);
      if (now !== undefined && isSame(now, found)) this.#files.unlinkSync(this.#lock);
    });
  }

  #remove(dev: bigint, ino: bigint): void {
    // While the listener is open, no other file has its number. A socket that cannot be removed now is replaced by the next server.
    attempt(() => {
      if (this.#isAt(dev, ino)) this.#files.unlinkSync(this.#path);
    });
  }

  #isAt(dev: bigint, ino: bigint): boolean {
    const now = this.#facts(this.#path);
    return now?.dev === dev && now.ino === ino;
  }

  #facts(path: string): FileFacts | undefined {
    try {
      return this.#files.lstatSync(path, { bigint: true });
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return undefined;
      throw cause;
    }
  }

  #inUse(why: string, cause?: unknown): SpillwayError {
    return new SpillwayError("address-in-use", `cannot listen: ${addressText({ path: this.#path })} ${why}`, { cause });
  }

  #call<Result>(call: () => Result): Result {
    try {
      return call();
    } catch (cause) {
      throw fileError(cause as Error, this.#path);
    }
  }
}

/** The errors of file systems that have no hard links, or none of sockets. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

const DENIED = new Set(["EACCES", "EPERM", "EROFS"]);

function fileError(cause: Error, path: string): SpillwayError {
  const where = addressText({ path });
  const code = codeOf(cause);
  if (DENIED.has(code) || cause.name === "NotCapable") {
    const message = `cannot listen: creating ${where} needs the permission to write to its directory: ${cause.message}`;
    return new SpillwayError("permission-denied", message, { cause });
  }
  const why = code === "ENOENT" ? "its directory does not exist" : cause.message;
  return new SpillwayError("listen-failed", `cannot listen at ${where}: ${why}`, { cause });
}

function codeOf(cause: unknown): string {
  return (cause as { code?: string }).code ?? "";
}

/** Compares also when a socket was bound: a new one may have the number of an old one. */
function isSame(one: FileFacts, other: FileFacts): boolean {
  return one.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

function attempt(call: () => void): void {
  try {
    call();
  } catch {
    // It is gone already, or stays.
  }
}
