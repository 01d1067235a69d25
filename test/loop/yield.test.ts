import { describe, expect, it, test } from "vitest";
import { seedFrom } from "../../src/loop/seeds.ts";
import { drawRichest, type Yield } from "../../src/loop/yield.ts";

/** How often each is drawn, of 1,000 turns. */
function drawn(yields: Readonly<Record<string, Yield>>, names = Object.keys(yields)) {
  const counts = Object.fromEntries(names.map((name) => [name, 0]));
  for (let turn = 0; turn < 1000; turn += 1) {
    const uniform = (index: number) => seedFrom(7, "test", turn, index) / 2 ** 31;
    const name = drawRichest(names, new Map(Object.entries(yields)), uniform) ?? "";
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

describe("the draw of who proposes", () => {
  it("is even while nothing is known", () => {
    const counts = drawn({}, ["a", "b"]);
    expect(Math.abs((counts.a ?? 0) - 500)).toBeLessThan(60);
  });

  it("prefers who earned more for the same cost, and does not forget the other", () => {
    const { good = 0, poor = 0 } = drawn({ good: { gain: 6, cost: 60 }, poor: { gain: 1, cost: 60 } });
    expect(good).toBeGreaterThan(850);
    expect(poor).toBeGreaterThan(5);
  });

  it("prefers the cheaper of two that earned the same", () => {
    const { cheap = 0 } = drawn({ cheap: { gain: 4, cost: 40 }, dear: { gain: 4, cost: 160 } });
    expect(cheap).toBeGreaterThan(850);
  });

  it("tries a newcomer at least as often as one that is known to earn little", () => {
    const { fresh = 0 } = drawn({ known: { gain: 1, cost: 200 } }, ["known", "fresh"]);
    expect(fresh).toBeGreaterThan(500);
  });
});

test("equal draws give the same researcher", () => {
  const yields = new Map([["a", { gain: 1, cost: 9 }]]);
  const draw = () => drawRichest(["a", "b"], yields, (index) => seedFrom(1, "x", index) / 2 ** 31);
  expect(draw()).toBe(draw());
});
