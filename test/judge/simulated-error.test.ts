import { describe, expect, it } from "vitest";
import type { Reading } from "../../src/core/metric.ts";
import { judge } from "../../src/judge/judge.ts";
import { lordLevel } from "../../src/judge/lord.ts";
import { RULES } from "../../src/judge/rules.ts";
import { boundedSd, studentBoundary } from "../../src/judge/spread.ts";
import { variance } from "../../src/judge/statistics.ts";
import { METRIC, normalSource, playPromotion, playTentative } from "./simulation.ts";

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

describe("later promotions", () => {
  // 400,000 plays: at its nominal 0.270 % the third promotion would show 1081; 0.297 % were kept before looks shared less.
  it("keeps the third promotion of a run to its share", () => {
    const [alpha, looks, plays] = [(0.04 * 6) / (Math.PI ** 2 * 9), 10, 400_000];
    const errors = Array.from({ length: looks }, (_, df) => {
      const one = { variance: 1, degreesOfFreedom: df + 1 };
      return studentBoundary(alpha, looks, one) * boundedSd(one);
    });
    const draw = normalSource(103);
    let passed = 0;
    for (let play = 0; play < plays; play += 1) {
      // The first look stands on the spread of a calibration of four, the later ones on that of the pairs themselves.
      const calibrated = variance([draw(), draw(), draw(), draw()]) ?? 0;
      let [sum, squares] = [0, 0];
      for (let pairs = 1; pairs <= looks; pairs += 1) {
        const gain = draw() - draw();
        [sum, squares] = [sum + gain, squares + gain ** 2];
        if (pairs < 3 || sum <= 0) continue;
        const own = (squares - sum ** 2 / pairs) / (pairs - 1);
        const [square, df] = pairs === 3 ? [2 * calibrated, 3] : [own, pairs - 1];
        if (sum <= (errors[df - 1] ?? 0) * Math.sqrt(square * pairs)) continue;
        passed += 1;
        break;
      }
    }
    expect(passed / plays).toBeLessThan(alpha);
  });
});

describe("drift of a machine whose repeats are noisy", () => {
  /** Share of checks that see a shift, in sd of repeats; as in a run: six runs of calibration, then a head of two or more seeds. */
  function seen(shift: number, head: "baseline" | "later", checks: number): number {
    const draw = normalSource(8);
    let shifted = 0;
    for (let check = 0; check < checks; check += 1) {
      const seeds = [draw(), draw(), draw(), draw()];
      const run = (seed: number): Reading => ({ seed, value: (seeds[seed] ?? 0) + draw() });
      const calibration = [0, 1, 2, 3, 0, 1].map(run);
      const known = head === "baseline" ? calibration.slice(2, 6) : [run(0), run(1)];
      const old = [...known, ...known].slice(0, 3);
      const differences: number[] = [];
      for (const { seed, value } of old) {
        differences.push(run(seed).value + shift - value);
        const verdict = judge.drift(judge.calibrate(METRIC, calibration), differences);
        if (verdict.kind === "shifted") shifted += 1;
        if (verdict.kind !== "look_again") break;
      }
    }
    return shifted / checks;
  }

  // 30,000 checks: 0.4 and 0.8 % before; three standard errors of a share of 0.001 are 0.0006.
  it.each(["baseline", "later"] as const)(
    "is made up in no more than one check of a thousand (%s head)",
    (head) => {
      expect(seen(0, head, 30_000)).toBeLessThanOrEqual(0.001);
    },
  );

  it("is seen in most checks from ten of their sd on, and nearly always from twenty", () => {
    expect(seen(10, "later", 1000)).toBeGreaterThan(0.65);
    expect(seen(20, "later", 1000)).toBeGreaterThan(0.98);
  });
});
