import { expect, it } from "vitest";
import { FakeClock } from "../../src/testing/fake-clock.ts";

const never = new AbortController().signal;

it("stands still until it is advanced", async () => {
  const clock = new FakeClock(100);
  let isAwake = false;
  const sleeping = clock.delay(50, never).then(() => {
    isAwake = true;
  });
  await clock.advance(49);
  expect([clock.now(), isAwake, clock.pendingDelays]).toEqual([149, false, 1]);
  await clock.advance(1);
  await sleeping;
  expect([clock.now(), isAwake, clock.pendingDelays]).toEqual([150, true, 0]);
});

it("wakes sleepers in the order of their times, each at its own time", async () => {
  const clock = new FakeClock(0);
  const woken: [string, number][] = [];
  void clock.delay(30, never).then(() => woken.push(["late", clock.now()]));
  void clock.delay(10, never).then(async () => {
    woken.push(["early", clock.now()]);
    await clock.delay(10, never);
    woken.push(["again", clock.now()]);
  });
  await clock.advance(100);
  expect(woken).toEqual([
    ["early", 10],
    ["again", 20],
    ["late", 30],
  ]);
});

it("ends a delay at once when its signal aborts", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const sleeping = clock.delay(1_000, stop.signal);
  stop.abort();
  await sleeping;
  await clock.delay(1_000, stop.signal);
  expect(clock.pendingDelays).toBe(0);
});
