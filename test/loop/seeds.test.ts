import fc from "fast-check";
import { expect, test } from "vitest";
import { seedFrom } from "../../src/loop/seeds.ts";

test("equal parts give equal seeds on every machine", () => {
  expect(seedFrom(4711, "promotion", "1", 0)).toBe(2045171502);
  expect(seedFrom(4711, "promotion", "1", 0)).toBe(seedFrom(4711, "promotion", "1", 0));
});

test("a seed is a positive integer of 31 bits", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.string(), fc.nat(), (studySeed, stage, index) => {
      const seed = seedFrom(studySeed, stage, index);
      expect(Number.isInteger(seed) && seed >= 1 && seed <= 2 ** 31).toBe(true);
    }),
  );
});

test("near parts, and near seeds of a study, give seeds that have nothing in common", () => {
  const seeds = Array.from({ length: 2000 }, (_, index) => seedFrom(1 + (index % 5), "head", "abc", index));
  expect(new Set(seeds).size).toBe(2000);
  const ones = Array.from(
    { length: 30 },
    (_, bit) => seeds.filter((seed) => ((seed - 1) >>> bit) & 1).length,
  );
  // 1,000 of 2,000 with a standard deviation of 22.
  expect(Math.max(...ones.map((count) => Math.abs(count - 1000)))).toBeLessThan(110);
  expect(seedFrom(1, "a", "bc")).not.toBe(seedFrom(1, "ab", "c"));
});
