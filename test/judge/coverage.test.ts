import { describe, expect, it } from "vitest";
import {
  type Estimate,
  oneSidedP,
  type Pair,
  pairedDifference,
  pooledVariance,
  sigmaUpperBound,
  tInterval,
  welchDifference,
} from "../../src/judge/statistics.ts";
import { trimmedEstimate } from "../../src/judge/trimmed.ts";
import { normalSource, uniformSource } from "./random.ts";

const REPETITIONS = 4000;

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("expected a value");
  return value;
}

/** Share of seeded repetitions in which something holds. */
function share(holds: () => boolean): number {
  let count = 0;
  for (let i = 0; i < REPETITIONS; i += 1) if (holds()) count += 1;
  return count / REPETITIONS;
}

/** Fails unless `found` lies within `slack` of `wanted`, beyond 3.5 standard errors of a share over the repetitions. */
function expectShare(found: number, wanted: number, slack = 0): void {
  const noise = 3.5 * Math.sqrt((wanted * (1 - wanted)) / REPETITIONS);
  expect(Math.abs(found - wanted), `${found} instead of ${wanted}`).toBeLessThanOrEqual(noise + slack);
}

const sample = (count: number, draw: () => number) => Array.from({ length: count }, draw);
const covers = (estimate: Estimate, truth: number, confidence: number) => {
  const { lower, upper } = tInterval(estimate, confidence);
  return lower <= truth && truth <= upper;
};

/** Student's t with 2 or 3 degrees of freedom: a normal over the root of a mean square. */
function tailedSource(seed: number, df: number): () => number {
  const draw = normalSource(seed);
  return () => draw() / Math.sqrt(sample(df, draw).reduce((sum, value) => sum + value ** 2, 0) / df);
}

describe("intervals under simulation", () => {
  it.each([
    [2, 0.95],
    [3, 0.8],
    [5, 0.95],
    [12, 0.99],
  ])(
    "the paired t interval of %d pairs covers in %d of samples, whatever the pairs share",
    (count, confidence) => {
      const draw = normalSource(count);
      const found = share(() => {
        const pairs = sample(count, draw).map(
          (common): Pair => [5 * common + 0.3 + draw(), 5 * common + draw()],
        );
        return covers(known(pairedDifference(pairs)), 0.3, confidence);
      });
      expectShare(found, confidence);
    },
  );

  it.each([1, 3, 10, 30])(
    "the bound on sigma at %d degrees of freedom lies above the truth in 80 % of samples",
    (df) => {
      const draw = normalSource(df);
      const found = share(() => {
        const { variance, degreesOfFreedom } = known(pooledVariance([sample(df + 1, () => 3 + 2 * draw())]));
        return sigmaUpperBound(variance, degreesOfFreedom) >= 2;
      });
      expectShare(found, 0.8);
    },
  );

  // Welch's is an approximation; with these sizes it is known to be off by up to a per cent (Scheffé 1970).
  it.each([
    [5, 1, 15, 4],
    [4, 5, 20, 1],
    [6, 1, 6, 10],
    [10, 1, 10, 1],
  ])("Welch's 95 %% interval holds for %d values of sd %d against %d of sd %d", (n, sd, m, otherSd) => {
    const draw = normalSource(n + m);
    const found = share(() =>
      covers(
        known(
          welchDifference(
            sample(n, () => 7 + sd * draw()),
            sample(m, () => 5 + otherSd * draw()),
          ),
        ),
        2,
        0.95,
      ),
    );
    expectShare(found, 0.95, 0.01);
  });

  it.each([
    ["normal", 5, 0.938],
    ["normal", 10, 0.942],
    ["t3", 5, 0.947],
    ["t3", 7, 0.955],
    ["t3", 10, 0.95],
    ["t2", 8, 0.96],
  ] as const)(
    "Yuen's 95 %% interval covers %s noise as computed elsewhere, with %d values: %d",
    (noise, count, wanted) => {
      const draw = noise === "normal" ? normalSource(31) : tailedSource(31, noise === "t3" ? 3 : 2);
      expectShare(
        share(() => covers(trimmedEstimate(sample(count, draw)), 0, 0.95)),
        wanted,
      );
    },
  );

  it("Yuen's interval is narrower than the plain one where tails are heavy", () => {
    const draw = tailedSource(8, 2);
    const widths = sample(400, () => {
      const values = sample(10, draw);
      const plain = known(pairedDifference(values.map((value): Pair => [value, 0])));
      return trimmedEstimate(values).standardError / plain.standardError;
    });
    expect(widths.toSorted((a, b) => a - b)[200]).toBeLessThan(0.9);
  });
});

describe("one-sided p under the null", () => {
  const uniform = uniformSource(5);
  const draw = normalSource(77);
  it.each([
    ["pairs", () => oneSidedP(known(pairedDifference(sample(4, draw).map((value): Pair => [value + 2, 2]))))],
    [
      "pairs against a margin",
      () => oneSidedP(known(pairedDifference(sample(6, draw).map((value): Pair => [value, 1]))), -1),
    ],
    ["two samples", () => oneSidedP(known(welchDifference(sample(8, draw), sample(8, draw))))],
  ])("is uniform for %s", (_, p) => {
    const found = sample(REPETITIONS, p).toSorted((a, b) => a - b);
    // Kolmogorov-Smirnov: 1.95 / √n is passed by chance once in a thousand; Welch's approximation gets 0.5 % more.
    const distance = found.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (index + 0.5) / REPETITIONS)),
      0,
    );
    expect(distance).toBeLessThan(1.95 / Math.sqrt(REPETITIONS) + 0.005);
  });

  it("is below alpha no more often than alpha where the truth is worse than the margin", () => {
    const found = share(
      () =>
        oneSidedP(known(pairedDifference(sample(4, draw).map((value): Pair => [value - uniform(), 0])))) <
        0.05,
    );
    expect(found).toBeLessThan(0.05);
  });
});
