// Processes of two releases that meet.
import { execFile } from "node:child_process";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Handover, inheritorOf } from "../../src/cluster/handover.ts";
import type { Envelope, FromWorker } from "../../src/cluster/messages.ts";
import { HANDOVER_PROTOCOL, versionConflict, WORKER_PROTOCOL } from "../../src/cluster/protocol_version.ts";
import { HANDOVER_VARIABLE, WORKER_VARIABLE } from "../../src/cluster/role_variables.ts";
import type { WorkerHost } from "../../src/cluster/worker_host.ts";
import { WorkerLink } from "../../src/cluster/worker_link.ts";
import { memoryTransport } from "../../src/testing/mod.ts";
import { RUNTIME } from "../cli/support/runtime.ts";
import type { FakeWorker } from "./support/fake_workers.ts";
import { running, supervised } from "./support/supervised.ts";

class FakeHost extends EventEmitter implements WorkerHost {
  readonly env: Record<string, string | undefined>;
  readonly said: FromWorker[] = [];
  readonly connected = true;

  constructor(env: Record<string, string>) {
    super();
    this.env = env;
  }

  send({ spillway }: Envelope): void {
    this.said.push(spillway);
  }
}

const { version: WORKER_VERSION } = WORKER_PROTOCOL;
const { version: HANDOVER_VERSION } = HANDOVER_PROTOCOL;
const ASSIGNMENT = { version: WORKER_VERSION, slot: 1, workers: 1, sockets: [], inheritor: 7 };
const HANDOVER = { version: HANDOVER_VERSION, places: [], inheritor: 7 };

/** Texts of a role variable, and what is wrong with each. */
const wrongTexts = (right: object, name: string, version: number, field: string): [string, string, string][] => [
  [
    "another version",
    JSON.stringify({ ...right, version: 9 }),
    `the supervisor speaks version 9 of the ${name}, and this process version ${version}`,
  ],
  [
    "no version",
    JSON.stringify({ ...right, version: undefined }),
    `the supervisor does not say its version of the ${name}, and this process speaks version ${version}`,
  ],
  ["a missing field", JSON.stringify({ ...right, [field]: undefined }), `has no field "${field}"`],
  ["text that is no JSON", "{", "is no JSON object"],
  ["JSON that is no object", "7", "is no JSON object"],
];

describe("a worker below a supervisor of another release", () => {
  it.each(wrongTexts(ASSIGNMENT, "worker protocol", WORKER_VERSION, "sockets"))(
    "does not join with %s, says why, and tells its own version",
    async (_what, text, why) => {
      const host = new FakeHost({ [WORKER_VARIABLE]: text });
      await expect(WorkerLink.join(host, memoryTransport())).rejects.toMatchObject({
        code: "listen-failed",
        message: expect.stringContaining(why),
      });
      expect(host.said).toEqual([{ type: "up", version: WORKER_VERSION }]);
    },
  );

  it("joins with fields that it does not know, and ignores messages of unknown types", async () => {
    const host = new FakeHost({ [WORKER_VARIABLE]: JSON.stringify({ ...ASSIGNMENT, color: "blue" }) });
    const link = await WorkerLink.join(host, memoryTransport());
    for (const message of [{ type: "news" }, {}, "text", null]) host.emit("message", message);
    link.draining();
    expect(host.said.map(({ type }) => type)).toEqual(["up", "draining"]);
  });
});

describe("a supervisor of a worker of another release", () => {
  const conflict = `it speaks version 9 of the worker protocol, and this process version ${WORKER_VERSION}`;

  it("kills it, and starts another after a pause", async () => {
    const { clock, events, workers } = supervised({ workers: 1 });
    workers.last.say({ type: "up", version: 9 });
    expect(events).toContainEqual(expect.objectContaining({ type: "worker-killed", why: conflict }));
    await clock.advance(200);
    expect(workers.all).toHaveLength(2);
  });

  it.each([
    ["another version", { type: "up", version: 9 }, conflict],
    [
      "no version",
      { type: "up" },
      `it does not say its version of the worker protocol, and this process speaks version ${WORKER_VERSION}`,
    ],
  ])("leaves the old worker in a rolling restart to one with %s, and says why", async (_what, message, why) => {
    const { supervisor, workers } = running({ workers: 1 });
    const [old] = workers.all as [FakeWorker];
    const reloaded = supervisor.reload();
    workers.last.say(message as FromWorker);
    expect(await reloaded).toEqual({ reloaded: false, why: `the new worker was killed: ${why}` });
    expect([old.over, old.draining, supervisor.serving]).toEqual([false, false, 1]);
  });

  it("ignores messages of unknown types", () => {
    const { events, supervisor, workers } = running({ workers: 1 });
    workers.last.say({ type: "news" } as unknown as FromWorker);
    workers.last.say({} as FromWorker);
    workers.last.say({ type: "up", version: WORKER_VERSION });
    expect([events, supervisor.serving]).toEqual([[], 1]);
  });
});

describe("a successor of a supervisor of another release", () => {
  it.each(wrongTexts(HANDOVER, "handover protocol", HANDOVER_VERSION, "places"))(
    "takes nothing over with %s, says why, and tells its own version",
    (_what, text, why) => {
      for (const read of [inheritorOf, (host: WorkerHost) => Handover.of(host)]) {
        const host = new FakeHost({ [HANDOVER_VARIABLE]: text });
        expect(() => read(host)).toThrow(why);
        expect(host.said).toEqual([{ type: "up", version: HANDOVER_VERSION }]);
      }
    },
  );

  it("knows who has inherited the sockets, and that nothing is handed over", () => {
    expect(inheritorOf(new FakeHost({ [HANDOVER_VARIABLE]: JSON.stringify(HANDOVER) }))).toBe(7);
    expect([inheritorOf(new FakeHost({})), Handover.of(new FakeHost({}))]).toEqual([undefined, undefined]);
  });
});

describe("a supervisor of a successor of another release", () => {
  it.each([
    ["another version", { version: 9 }, versionConflict(HANDOVER_PROTOCOL, 9)],
    ["no version", {}, versionConflict(HANDOVER_PROTOCOL, undefined)],
  ])("goes on serving when the successor says %s, and says why", async (_what, up, conflict) => {
    const [file, ...before] = RUNTIME.program as [string, ...string[]];
    const program = fileURLToPath(new URL("fixtures/other_version.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(file, [...before, program, JSON.stringify(up)]);
    expect(JSON.parse(stdout)).toEqual({ why: `the new supervisor ${conflict}`, serves: true });
  });
});
