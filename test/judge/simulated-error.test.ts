import { describe, expect, it } from "vitest";
import { lordLevel } from "../../src/judge/lord.ts";
import { RULES } from "../../src/judge/rules.ts";
import { normalSource, playPromotion, playTentative } from "./simulation.ts";

/** Share of `count` plays that end as `kind`; the bounds below leave three standard errors of it. */
function share(count: number, play: () => string, kind: string): number {
  let hits = 0;
  for (let index = 0; index < count; index += 1) if (play() === kind) hits += 1;
  return hits / count;
}

describe("error rates of the judge on normal noise, noise itself estimated from four runs", () => {
  it("promotes nothing false more often than the first share of its error budget allows", () => {
    const normal = normalSource(11);
    const rate = share(2000, () => playPromotion({ gain: 0, pairing: 0, normal }).verdict.kind, "keep");
    expect(rate).toBeLessThan((0.05 * 6) / Math.PI ** 2 + 0.0115);
  });

  it("hardly ever promotes a harmful stack", () => {
    const normal = normalSource(12);
    expect(
      share(1000, () => playPromotion({ gain: -1, pairing: 0, normal }).verdict.kind, "keep"),
    ).toBeLessThan(0.01);
  });

  it("promotes a gain of four standard deviations nearly always", () => {
    const normal = normalSource(13);
    expect(
      share(500, () => playPromotion({ gain: 4, pairing: 0, normal }).verdict.kind, "keep"),
    ).toBeGreaterThan(0.97);
  });

  it("lets few null changes through tier 1 and ends most of them after one or two runs", () => {
    const normal = normalSource(14);
    let runs = 0;
    const rate = share(
      1000,
      () => {
        const played = playTentative({ gain: 0, pairing: 0, normal });
        runs += played.runs;
        return played.verdict.kind;
      },
      "keep",
    );
    expect(rate).toBeLessThan(0.2);
    expect(runs / 1000).toBeLessThan(2);
  });

  it("keeps a gain of two standard deviations in most tests", () => {
    const normal = normalSource(15);
    const kinds = () => playTentative({ gain: 2, pairing: 0, normal }).verdict.kind;
    expect(share(500, kinds, "keep")).toBeGreaterThan(0.7);
  });
});

describe("strict control on sigma estimated from four runs", () => {
  // 10,000 plays: 143 were kept with the bounded normal boundary alone.
  it("keeps no more null candidates than the level of its first test, and most of what is clear", () => {
    const normal = normalSource(21);
    const play = (gain: number) => playTentative({ gain, pairing: 0, normal }, RULES.strict).verdict.kind;
    expect(share(10_000, () => play(0), "keep")).toBeLessThan(
      lordLevel({ alpha: 0.2, index: 1, discoveries: [] }),
    );
    expect(share(300, () => play(4), "keep")).toBeGreaterThan(0.9);
  });
});
