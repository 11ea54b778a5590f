import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Logger } from "@logtape/logtape";
import { type Clock, systemClock } from "../core/mod.ts";
import type { TlsStep } from "../tls/mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { checkFile } from "./module_file.ts";

/** The time between two looks at the files. */
const POLL_MS = 1_000;

/** A certificate and its key, as text. */
interface Pair {
  readonly cert: string;
  readonly key: string;
}

/** The surroundings of {@link CertificateFiles.watch}. */
export interface CertificateWatch {
  readonly step: Pick<TlsStep, "reload">;
  readonly logger: Logger;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * The files of a certificate and its key.
 *
 * They are polled: notifications of the file system do not reach through bind mounts and links to a directory that is
 * replaced, which is how containers get their certificates. A change counts when the files have stayed the same for one
 * poll, since a pair is rarely replaced in one step.
 */
export class CertificateFiles {
  readonly #cert: string;
  readonly #key: string;
  readonly #cwd: string;
  /** The last pair that was loaded, and what the files looked like before they were read. */
  #loaded: Pair | undefined;
  #seen = "";

  /** The paths are as the user wrote them. */
  constructor(cert: string, key: string, cwd: string) {
    this.#cert = cert;
    this.#key = key;
    this.#cwd = cwd;
  }

  /** Reads the pair. @throws {Failure} a file cannot be read */
  async load(): Promise<Pair> {
    this.#seen = await this.#look();
    this.#loaded = await this.#read();
    return this.#loaded;
  }

  /** Loads changed files into a step, and logs that. A pair that is refused leaves the old one. Returns a function that ends this. */
  watch({ step, logger, clock = systemClock }: CertificateWatch): () => void {
    let before = this.#seen;
    let ended = false;
    let timer: unknown;
    const poll = async (): Promise<void> => {
      const now = await this.#look();
      if (ended) return;
      if (now !== this.#seen && now === before) {
        this.#seen = now;
        await this.#reload(step, logger);
      }
      before = now;
      if (!ended) schedule();
    };
    const schedule = (): void => {
      timer = clock.setTimeout(() => void poll(), POLL_MS);
    };
    schedule();
    return () => {
      ended = true;
      clock.clearTimeout(timer);
    };
  }

  async #reload(step: Pick<TlsStep, "reload">, logger: Logger): Promise<void> {
    try {
      const pair = await this.#read();
      // The files were touched, or moved.
      if (pair.cert === this.#loaded?.cert && pair.key === this.#loaded.key) return;
      step.reload(pair);
      this.#loaded = pair;
      const { validTo } = new X509Certificate(pair.cert);
      logger.info("the certificate {cert} was reloaded; it is valid until {validTo}", {
        event: "certificate-reloaded",
        cert: this.#cert,
        validTo,
      });
    } catch (error) {
      logger.warning("the certificate {cert} was not reloaded, and the old one stays: {error}", {
        event: "certificate-refused",
        cert: this.#cert,
        error: this.reason(error),
      });
    }
  }

  /** Returns why the step has refused a pair, with the names of the files. */
  reason(error: unknown): string {
    return firstLine(error)
      .replace(/^cert\b/, this.#cert)
      .replace(/^key\b/, this.#key)
      .replace(/ of cert$/, ` of ${this.#cert}`);
  }

  async #read(): Promise<Pair> {
    return {
      cert: await readPem("certificate", this.#cert, this.#cwd),
      key: await readPem("key", this.#key, this.#cwd),
    };
  }

  /** Returns a text that differs when one of the files is another, or has changed. */
  async #look(): Promise<string> {
    const looks = [this.#cert, this.#key].map(async (path) => {
      try {
        const { dev, ino, size, mtimeNs, ctimeNs } = await stat(resolve(this.#cwd, path), { bigint: true });
        return [dev, ino, size, mtimeNs, ctimeNs].join(":");
      } catch (error) {
        return `${(error as NodeJS.ErrnoException).code}`;
      }
    });
    return (await Promise.all(looks)).join(" ");
  }
}

/** Reads a file in PEM. @throws {Failure} it cannot be read; `what` describes the file in the message */
export async function readPem(what: string, path: string, cwd: string): Promise<string> {
  await checkFile(what, path, cwd);
  try {
    return await readFile(resolve(cwd, path), "utf8");
  } catch (cause) {
    const denied = (cause as NodeJS.ErrnoException).code === "EACCES";
    const why = denied ? "permission denied; let this user read the file" : firstLine(cause);
    throw usageFailure(`cannot load the ${what} ${path}: ${why}`, { cause });
  }
}
