// The events of a worker, as its supervisor fetches them.
import { describe, expect, it } from "vitest";
import { EventFeed } from "../../src/admin/cluster/event_feed.ts";
import type { EventsAnswer } from "../../src/admin/cluster/question.ts";
import type { ServerEvent } from "../../src/core/mod.ts";
import { manualClock } from "../../src/testing/mod.ts";

const connection = {
  id: 1,
  remoteAddress: { hostname: "192.0.2.1", port: 1 },
  localAddress: { hostname: "192.0.2.2", port: 2 },
};
const opened = { type: "connection-opened", connection } as ServerEvent;
const draining = { type: "draining" } as ServerEvent;

/** A feed, and what it has answered. */
function feed() {
  const clock = manualClock();
  const events = new EventFeed(clock);
  const answers: EventsAnswer[] = [];
  const take = () => void events.take().then((answer) => answers.push(answer));
  return { answers, clock, events, take };
}

describe("a feed of events", () => {
  it("keeps nothing until somebody asks, and then gathers events into one answer", async () => {
    const { answers, clock, events, take } = feed();
    for (let count = 0; count < 1_000; count++) events.observe(opened);
    take();
    await clock.advance(1_000);
    expect(answers).toEqual([]);
    events.observe(opened);
    events.observe(opened);
    await clock.advance(50);
    expect(answers).toMatchObject([{ missed: 0, events: [{ ofConnection: true }, { ofConnection: true }] }]);
  });

  it("answers after two seconds without an event", async () => {
    const { answers, clock, take } = feed();
    take();
    await clock.advance(2_000);
    expect(answers).toEqual([{ events: [], missed: 0 }]);
  });

  it("counts what a flood has too many, and does not lose those of the server", async () => {
    const { answers, clock, events, take } = feed();
    take();
    for (let count = 0; count < 5_000; count++) events.observe(opened);
    events.observe(draining);
    await clock.advance(0);
    expect(answers[0]?.missed).toBe(4_900);
    expect(answers[0]?.events).toHaveLength(101);
    expect(answers[0]?.events.at(-1)).toMatchObject({ ofConnection: false, record: { type: "draining" } });
  });

  it("keeps what comes between two questions, and forgets it when there are no more", async () => {
    const { answers, clock, events, take } = feed();
    take();
    await clock.advance(2_000);
    events.observe(opened);
    take();
    await clock.advance(50);
    expect(answers[1]?.events).toHaveLength(1);
    events.observe(opened);
    await clock.advance(6_000);
    events.observe(opened);
    take();
    await clock.advance(2_000);
    expect(answers[2]).toEqual({ events: [], missed: 0 });
  });
});
