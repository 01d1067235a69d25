import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chiSquaredCdf,
  chiSquaredQuantile,
  normalCdf,
  normalQuantile,
  studentCdf,
  studentQuantile,
} from "../../src/judge/distributions.ts";
import { logGamma, regularizedBeta, regularizedGamma } from "../../src/judge/special-functions.ts";

type Tuple2 = [number, number];
type Tuple4 = [number, number, number, number];
type Tuple5 = [number, number, number, number, number];

interface Golden {
  logGamma: Tuple2[];
  normalCdf: Tuple2[];
  normalQuantile: Tuple2[];
  /** a, b, x, mass below, mass above. */
  beta: Tuple5[];
  /** degrees of freedom, p, quantile, mass below the rounded quantile, mass above it. */
  student: Tuple5[];
  chiSquared: Tuple5[];
  /** degrees of freedom, p, quantile, mass below the rounded quantile; p from 1e-16 down to 1e-300. */
  studentFar: Tuple4[];
  chiSquaredFar: Tuple4[];
}

// Written by golden/make.py: scipy for the points, mpmath at 40 digits for the values.
const golden: Golden = JSON.parse(readFileSync(new URL("golden/statistics.json", import.meta.url), "utf8"));

const relativeError = (actual: number, wanted: number) =>
  wanted === 0 ? Math.abs(actual) : Math.abs(actual / wanted - 1);

/** The largest error over a table, with the row it happens at: one figure to compare with the claim. */
function worst<R extends number[]>(
  rows: readonly R[],
  errorOf: (row: R) => number,
): { error: number; row: string } {
  let found = { error: -1, row: "" };
  for (const row of rows) {
    const error = errorOf(row);
    if (!(error <= found.error)) found = { error, row: row.join(" ") };
  }
  return found;
}

function expectWithin<R extends number[]>(
  claim: number,
  rows: readonly R[],
  errorOf: (row: R) => number,
): void {
  const { error, row } = worst(rows, errorOf);
  expect(error, `worst at ${row}`).toBeLessThanOrEqual(claim);
}

const degrees = fc.double({ min: 0.5, max: 1e5, noNaN: true });
const probability = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
const students = { cdf: studentCdf, quantile: studentQuantile };
const chiSquareds = { cdf: chiSquaredCdf, quantile: chiSquaredQuantile };
const normals = {
  cdf: (x: number, _df: number) => normalCdf(x),
  quantile: (p: number, _df: number) => normalQuantile(p),
};
const families = Object.entries({ normal: normals, student: students, "chi-squared": chiSquareds });

describe("reference values", () => {
  it("log-gamma is within 1e-14 of them", () => {
    expectWithin(
      1e-14,
      golden.logGamma,
      ([x, wanted]) => Math.abs(logGamma(x) - wanted) / Math.max(1, Math.abs(wanted)),
    );
  });

  it("both sides of the incomplete beta are within 1e-12", () => {
    expectWithin(1e-12, golden.beta, ([a, b, x, below, above]) => {
      const { lower, upper } = regularizedBeta({ a, b }, x);
      return Math.max(relativeError(lower, below), relativeError(upper, above));
    });
  });

  it("both sides of the incomplete gamma are within 1e-12", () => {
    expectWithin(1e-12, golden.chiSquared, ([df, , x, below, above]) => {
      const { lower, upper } = regularizedGamma(df / 2, x / 2);
      return Math.max(relativeError(lower, below), relativeError(upper, above));
    });
  });

  it("the normal cdf is within 1e-13", () => {
    expectWithin(1e-13, golden.normalCdf, ([z, wanted]) => relativeError(normalCdf(z), wanted));
  });

  it("the normal quantile is within 1e-14", () => {
    expectWithin(1e-14, golden.normalQuantile, ([p, wanted]) => relativeError(normalQuantile(p), wanted));
  });

  it("the t cdf is within 1e-12, and by symmetry its upper tail too", () => {
    expectWithin(1e-12, golden.student, ([df, , t, below, above]) =>
      Math.max(relativeError(studentCdf(t, df), below), relativeError(studentCdf(-t, df), above)),
    );
  });

  it("the t quantile is within 1e-12", () => {
    expectWithin(1e-12, golden.student, ([df, p, wanted]) => relativeError(studentQuantile(p, df), wanted));
  });

  it("the chi-squared cdf is within 1e-12", () => {
    expectWithin(1e-12, golden.chiSquared, ([df, , x, below]) => relativeError(chiSquaredCdf(x, df), below));
  });

  it("the chi-squared quantile is within 1e-12", () => {
    expectWithin(1e-12, golden.chiSquared, ([df, p, wanted]) =>
      relativeError(chiSquaredQuantile(p, df), wanted),
    );
  });
});

describe("reference values far out", () => {
  it("the t cdf and quantile are within 1e-12, and the cdf ends in 0", () => {
    const near = golden.studentFar.filter(([, , t]) => t > -1e150);
    expect(near.length).toBeGreaterThan(35);
    expectWithin(1e-12, near, ([df, , t, below]) => relativeError(studentCdf(t, df), below));
    expectWithin(1e-12, golden.studentFar, ([df, p, t]) => relativeError(studentQuantile(p, df), t));
    expect(studentCdf(-1e200, 0.5)).toBe(0);
    expect(studentCdf(1e200, 0.5)).toBe(1);
  });

  it("the chi-squared cdf and quantile are within 1e-12", () => {
    expect(golden.chiSquaredFar.length).toBeGreaterThan(35);
    expectWithin(1e-12, golden.chiSquaredFar, ([df, , x, below]) =>
      relativeError(chiSquaredCdf(x, df), below),
    );
    expectWithin(1e-12, golden.chiSquaredFar, ([df, p, x]) => relativeError(chiSquaredQuantile(p, df), x));
  });
});

describe.each(families)("the %s distribution", (name, { cdf, quantile }) => {
  it("has a cdf that never falls", () => {
    fc.assert(
      fc.property(degrees, probability, probability, (df, p, q) => {
        const [x, y] = [quantile(Math.min(p, q), df), quantile(Math.max(p, q), df)];
        expect(x).toBeLessThanOrEqual(y + Math.abs(y) * 1e-12);
        expect(cdf(x, df)).toBeLessThanOrEqual(cdf(y, df) + 1e-12);
      }),
    );
  });

  it("has a quantile that inverts its cdf", () => {
    fc.assert(
      fc.property(degrees, probability, (df, p) => {
        expect(relativeError(cdf(quantile(p, df), df), p)).toBeLessThan(1e-11);
      }),
    );
  });

  it("ends at 0 and 1", () => {
    const start = name === "chi-squared" ? 0 : -Infinity;
    expect([quantile(0, 3), quantile(1, 3)]).toEqual([start, Infinity]);
    expect([cdf(-Infinity, 3), cdf(Infinity, 3)]).toEqual([0, 1]);
  });

  it("refuses impossible probabilities and NaN", () => {
    for (const p of [-1e-9, 1.000001, Number.NaN, Infinity]) expect(() => quantile(p, 3)).toThrow(RangeError);
    expect(() => cdf(Number.NaN, 3)).toThrow(RangeError);
  });
});

describe("the distributions between them", () => {
  it("normal and t are symmetric", () => {
    fc.assert(
      fc.property(degrees, fc.double({ min: 1e-12, max: 0.5, noNaN: true }), (df, p) => {
        const [z, t] = [normalQuantile(p), studentQuantile(p, df)];
        expect(normalCdf(z) + normalCdf(-z)).toBeCloseTo(1, 14);
        expect(studentCdf(t, df) + studentCdf(-t, df)).toBeCloseTo(1, 14);
        const mirrored = 1 - p;
        const exact = 1 - mirrored; // what is left of p after rounding 1 - p
        expect(relativeError(-studentQuantile(mirrored, df), studentQuantile(exact, df))).toBeLessThan(1e-13);
      }),
    );
  });

  it("t with one degree of freedom is Cauchy, chi-squared with two is exponential", () => {
    for (const x of [-1e10, -3, -0.2, 0, 0.7, 5, 1e5]) {
      const cauchy = x < -1 ? Math.atan(-1 / x) / Math.PI : 0.5 + Math.atan(x) / Math.PI;
      expect(relativeError(studentCdf(x, 1), cauchy)).toBeLessThan(1e-14);
    }
    for (const x of [1e-12, 0.3, 2, 40])
      expect(relativeError(chiSquaredCdf(x, 2), -Math.expm1(-x / 2))).toBeLessThan(1e-13);
  });

  it("t tends to the normal", () => {
    for (const p of [0.001, 0.3, 0.9]) {
      expect(relativeError(studentQuantile(p, 1e9), normalQuantile(p))).toBeLessThan(1e-8);
    }
  });

  it("t and chi-squared refuse degrees of freedom that are not above 0 and finite", () => {
    for (const df of [0, -1, Number.NaN, Infinity]) {
      for (const refused of [studentCdf, studentQuantile, chiSquaredCdf, chiSquaredQuantile]) {
        expect(() => refused(0.5, df)).toThrow(RangeError);
      }
    }
  });

  it("extreme arguments give limits, not NaN and not endless loops", () => {
    for (const df of [1e-3, 0.01, 0.1, 7, 150, 400, 1e7]) {
      for (const p of [1e-200, 1e-20, 0.01, 0.5, 0.99, 1 - 1e-16]) {
        expect(studentQuantile(p, df)).not.toBeNaN();
        expect(chiSquaredQuantile(p, df)).toBeGreaterThanOrEqual(0);
      }
      for (const x of [1e-320, 1e-200, 1, 1e200]) {
        for (const mass of [studentCdf(x, df), studentCdf(-x, df), chiSquaredCdf(x, df)]) {
          expect(mass >= 0 && mass <= 1, `${mass} at ${x} ${df}`).toBe(true);
        }
      }
    }
  });

  it("special functions refuse arguments outside their domain", () => {
    for (const x of [0, -1, Number.NaN, Infinity]) {
      expect(() => logGamma(x)).toThrow(RangeError);
      expect(() => regularizedGamma(x, 1)).toThrow(RangeError);
      expect(() => regularizedBeta({ a: x, b: 1 }, 0.5)).toThrow(RangeError);
      expect(() => regularizedBeta({ a: 1, b: x }, 0.5)).toThrow(RangeError);
    }
    for (const x of [-0.1, Number.NaN]) expect(() => regularizedGamma(1, x)).toThrow(RangeError);
    for (const x of [-0.1, 1.1, Number.NaN])
      expect(() => regularizedBeta({ a: 1, b: 1 }, x)).toThrow(RangeError);
  });
});
