import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { type Circumstances, judge } from "./judge.ts";
import { Ledger } from "./ledger.ts";
import type { Plan } from "./plan.ts";
import type { Ended } from "./reports.ts";
import type { ServiceName } from "./services.ts";
import type { Toxics } from "./toxics.ts";
import type { Visit } from "./visit.ts";

const ended: Ended = { service: "echo", id: 7, reason: "remote-closed", framesDropped: 0 };
const HALF_CLOSE: Toxics = { toServer: [{ kind: "half-close", afterBytes: 1 }] };

/** Two requests of one reply each, of which so many were answered. */
function visited(
  answers: number,
  change: Partial<Visit> = {},
  toxics: Toxics = {},
  service: ServiceName = "echo",
): Visit {
  const ledger = new Ledger(service, "t1");
  ledger.take(service === "echo" ? "hello 7" : "hello 7 0");
  const random = seededRandom(1);
  const requests = [0, 1].map(() => ledger.ask(random, { padding: 0, delayMs: 0 }).trimEnd());
  for (const request of requests.slice(0, answers)) ledger.take(service === "echo" ? `${request} ` : request);
  const plan: Plan = { service, requests: 2, window: 2, padding: 0, delayMs: 0, leave: "answered", toxics };
  return { plan, ledger, askedAll: true, end: "fin", from: 0, until: 1, down: false, passedBytes: 0, ...change };
}

function verdict(visit: Visit, circumstances: Partial<Circumstances> = {}): string | undefined {
  return judge(visit, { ended, draining: false, ...circumstances });
}

describe("a visit that nothing disturbed", () => {
  it("is right when all is answered and FIN follows", () => {
    expect(verdict(visited(2))).toBeUndefined();
  });

  it.each<[string, string, Visit, Partial<Circumstances>]>([
    ["a reply is missing", "1 replies are missing", visited(1), {}],
    ["not all could be asked", "0 replies are missing", visited(2, { askedAll: false }), {}],
    ["RST comes in place of FIN", "no FIN", visited(2, { end: "reset" }), {}],
    ["nothing happens", "nothing happens", visited(2, { end: "stuck" }), {}],
    [
      "the server has another reason",
      "another reason",
      visited(2),
      { ended: { ...ended, reason: "connection-reset" } },
    ],
    ["the server knows nothing of it", "another reason", visited(2), { ended: undefined }],
    ["something wrong came", "so it is", visited(2, { end: "wrong", error: new Error("so it is") }), {}],
  ])("is wrong when %s", (_name, message, visit, circumstances) => {
    expect(verdict(visit, circumstances)).toContain(message);
  });
});

describe("a visit that was disturbed", () => {
  it("may end in any way, but not get stuck", () => {
    const toxics: Toxics = { toClient: [{ kind: "reset", afterBytes: 1 }] };
    expect(verdict(visited(1, { end: "reset" }, toxics))).toBeUndefined();
    expect(verdict(visited(1, { end: "reset", down: true }))).toBeUndefined();
    expect(verdict(visited(1, { end: "stuck" }, toxics))).toContain("nothing happens");
  });

  it("by FIN to the server gets exactly what is due", () => {
    const { ledger } = visited(1);
    const passedBytes = ledger.asked[0]?.bytes as number;
    expect(verdict(visited(1, { passedBytes }, HALF_CLOSE))).toBeUndefined();
    expect(verdict(visited(1, { passedBytes: passedBytes + 1 }, HALF_CLOSE))).toBeUndefined();
    expect(verdict(visited(0, { passedBytes }, HALF_CLOSE))).toContain("1 replies are due");
    expect(verdict(visited(2, { passedBytes }, HALF_CLOSE))).toContain("1 replies are due");
    expect(verdict(visited(1, { passedBytes, end: "reset" }, HALF_CLOSE))).toContain("no FIN answers FIN");
  });
});

describe("a member of a group", () => {
  const left = (broadcasts: number): Visit => {
    const visit = visited(0, {}, {}, "group-drop");
    for (let number = 1; number <= broadcasts; number++) visit.ledger.take(`# ${number} `);
    for (const reply of ["t1 0", "t1 1"]) visit.ledger.take(reply);
    visit.ledger.askToLeave();
    visit.ledger.take("left 3");
    return visit;
  };

  it("got every broadcast, or it was counted as dropped", () => {
    expect(verdict(left(3))).toBeUndefined();
    expect(verdict(left(2), { ended: { ...ended, framesDropped: 1 } })).toBeUndefined();
    expect(verdict(left(2))).toContain("1 broadcasts are missing, 0 were dropped");
    expect(verdict(left(3), { ended: { ...ended, framesDropped: 1 } })).toContain("0 broadcasts are missing, 1 were");
  });
});

describe("a visit during a drain", () => {
  const drained: Partial<Circumstances> = { draining: true, ended: { ...ended, reason: "drained" } };
  const goodbye = (change: Partial<Visit> = {}): Visit => {
    const visit = visited(1, change);
    visit.ledger.take("bye");
    return visit;
  };

  it("is told goodbye before FIN, unless the drain says that it cut it off", () => {
    expect(verdict(goodbye(), drained)).toBeUndefined();
    expect(verdict(visited(1), drained)).toContain("no goodbye");
    expect(verdict(goodbye({ end: "reset" }), drained)).toContain("did not abort it");
    expect(
      verdict(visited(1, { end: "reset" }), { ...drained, ended: { ...ended, reason: "drain-timeout" } }),
    ).toBeUndefined();
    expect(verdict(goodbye())).toContain("without a drain");
  });
});
