/**
 * Cumulative functions and quantiles of the normal, Student t and chi-squared distributions.
 * Knows nothing of samples; accuracy stated here is the accuracy the golden tests hold it to.
 */
import { logGamma, regularizedBeta, regularizedGamma, requirePositive } from "./special-functions.ts";

function requireProbability(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new RangeError(`a probability must be within 0 and 1, not ${p}`);
}

function requireNumber(x: number): void {
  if (Number.isNaN(x)) throw new RangeError("a point of a distribution must be a number, not NaN");
}

/**
 * P(Z <= z) for a standard normal Z, by the incomplete gamma function (DLMF 7.11.1).
 * Domain: any z, ±∞ included; NaN throws RangeError. Relative error at most 1e-13 for z in -37..37.
 */
export function normalCdf(z: number): number {
  requireNumber(z);
  const { lower, upper } = regularizedGamma(0.5, (z * z) / 2);
  if (z < -1) return upper / 2;
  return z > 1 ? 1 - upper / 2 : 0.5 + (Math.sign(z) * lower) / 2;
}

// Wichura 1988, Algorithm AS 241 (PPND16): numerator and denominator per region, highest order first.
const CENTRE = [
  [
    2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946,
    1971.5909503065513, 133.14166789178438, 3.3871328727963665,
  ],
  [
    5226.495278852546, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751,
    687.1870074920579, 42.31333070160091, 1,
  ],
] as const;
const TAIL = [
  [
    0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
    5.769497221460691, 4.630337846156546, 1.4234371107496837,
  ],
  [
    1.0507500716444169e-9, 0.0005475938084995344, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
    1.6763848301838038, 2.053191626637759, 1,
  ],
] as const;
const FAR_TAIL = [
  [
    2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124,
    0.29656057182850487, 1.7848265399172913, 5.463784911164114, 6.657904643501104,
  ],
  [
    2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133,
    0.014875361290850615, 0.1369298809227358, 0.599832206555888, 1,
  ],
] as const;

function ratio([top, bottom]: readonly [readonly number[], readonly number[]], x: number): number {
  const horner = (coefficients: readonly number[]) =>
    coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);
  return horner(top) / horner(bottom);
}

/**
 * The z with P(Z <= z) = p, by Wichura's AS 241. p = 0 and 1 give ∓∞; p outside 0..1 or NaN throws RangeError.
 * Relative error at most 1e-14 for p in 1e-300..1 - 1e-15.
 */
export function normalQuantile(p: number): number {
  requireProbability(p);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) return q * ratio(CENTRE, 0.180625 - q * q);
  const r = Math.sqrt(-Math.log(Math.min(p, 1 - p)));
  return Math.sign(q) * (r <= 5 ? ratio(TAIL, r - 1.6) : ratio(FAR_TAIL, r - 5));
}

interface Mass {
  readonly mass: number;
  /** Change of `mass` per unit of u. */
  readonly slope: number;
}

/**
 * The u with mass(u) = target, by Newton's method on log mass.
 * Invariant: log mass is concave in u (u is the logarithm of a variable whose logarithm has a log-concave
 * density), so from the second step on the iterates approach the root from one side and need no bracket.
 */
function solve(start: number, target: number, at: (u: number) => Mass): number {
  let u = start;
  for (let iteration = 0; iteration < 200; iteration += 1) {
    const { mass, slope } = at(u);
    const step = (Math.log(mass / target) * mass) / slope;
    // The first step may be long where the mass is still flat: unchecked it can land where the mass underflows.
    u -= Math.max(-2, Math.min(2, step));
    if (Math.abs(step) < 1e-8) return u;
  }
  throw new Error("a quantile did not converge");
}

interface StudentMass {
  readonly tail: number;
  readonly centre: number;
  readonly slope: number;
}

/** P(T > t), P(0 < T < t) and t times the density, for t >= 0. */
function studentMass(t: number, degreesOfFreedom: number): StudentMass {
  const squaredRatio = (Math.sqrt(degreesOfFreedom) / t) ** 2;
  const x = squaredRatio === Infinity ? 1 : squaredRatio / (1 + squaredRatio);
  const { lower, upper, slope } = regularizedBeta(
    { a: degreesOfFreedom / 2, b: 0.5 },
    x,
    1 / (1 + squaredRatio),
  );
  return { tail: lower / 2, centre: upper / 2, slope };
}

/**
 * P(T <= t) for Student's t, by the incomplete beta function (DLMF 8.17; Abramowitz & Stegun 26.7.1).
 * Domain: any t, ±∞ included, degreesOfFreedom > 0 and finite, fractions allowed; else RangeError.
 * The one-sided p of a statistic t is studentCdf(-t, df), exact in the far tail.
 * Relative error at most 1e-12 for degreesOfFreedom in 0.5..1e6 and p in 1e-12..1 - 1e-12, and down to p = 1e-300 for
 * degreesOfFreedom up to 1e4; 0 where t is below -1e150, whatever the degrees of freedom.
 */
export function studentCdf(t: number, degreesOfFreedom: number): number {
  requireNumber(t);
  requirePositive("degreesOfFreedom", degreesOfFreedom);
  const { tail, centre } = studentMass(Math.abs(t), degreesOfFreedom);
  if (t < 0) return tail;
  return centre < 0.25 ? 0.5 + centre : 1 - tail;
}

/** log of (√df / t)² where the tail beyond t holds q, by the leading term of the tail: exact once below -41 or so. */
function logFarRatio(q: number, degreesOfFreedom: number): number {
  const a = degreesOfFreedom / 2;
  const logBeta = logGamma(a) + logGamma(0.5) - logGamma(a + 0.5);
  return (Math.log(2 * q) + Math.log(a) + logBeta) / a;
}

/**
 * The t with P(T <= t) = p. p = 0 and 1 give ∓∞; p outside 0..1, degreesOfFreedom <= 0, infinite or NaN throw RangeError.
 * Newton's method on the tail or, near the median, on the mass between 0 and t.
 * Relative error at most 1e-12 for degreesOfFreedom in 0.5..1e6 and p in 1e-12..1 - 1e-12, and down to p = 1e-300 for
 * degreesOfFreedom up to 1e4.
 */
export function studentQuantile(p: number, degreesOfFreedom: number): number {
  requireProbability(p);
  requirePositive("degreesOfFreedom", degreesOfFreedom);
  if (p === 0 || p === 1) return p === 0 ? -Infinity : Infinity;
  const centre = Math.abs(p - 0.5);
  const sign = Math.sign(p - 0.5);
  if (centre === 0) return 0;
  const q = Math.min(p, 1 - p);
  const logRatio = logFarRatio(q, degreesOfFreedom);
  if (logRatio < -41) return sign * Math.sqrt(degreesOfFreedom) * Math.exp(-logRatio / 2);
  const start = Math.log(Math.abs(normalQuantile(p)));
  const u = solve(start, centre < 0.25 ? centre : q, (point) => {
    const mass = studentMass(Math.exp(point), degreesOfFreedom);
    return centre < 0.25 ? { mass: mass.centre, slope: mass.slope } : { mass: mass.tail, slope: -mass.slope };
  });
  return sign * Math.exp(u);
}

/**
 * P(X <= x) for a chi-squared X, by the incomplete gamma function (Abramowitz & Stegun 26.4.19).
 * Domain: any x (0 below 0, ∞ allowed), degreesOfFreedom > 0 and finite, fractions allowed; else RangeError.
 * Relative error at most 1e-12 for degreesOfFreedom in 0.5..1e6 and p in 1e-12..1 - 1e-12, and down to p = 1e-300 for
 * degreesOfFreedom up to 1e4.
 */
export function chiSquaredCdf(x: number, degreesOfFreedom: number): number {
  requireNumber(x);
  return regularizedGamma(degreesOfFreedom / 2, Math.max(0, x) / 2).lower;
}

/**
 * The x with P(X <= x) = p. p = 0 and 1 give 0 and ∞; p outside 0..1, degreesOfFreedom <= 0, infinite or NaN throw RangeError.
 * Newton's method on the nearer tail from the start of Wilson & Hilferty 1931 (Abramowitz & Stegun 26.4.17).
 * Relative error at most 1e-12 for degreesOfFreedom in 0.5..1e6 and p in 1e-12..1 - 1e-12, and down to p = 1e-300 for
 * degreesOfFreedom up to 1e4.
 */
export function chiSquaredQuantile(p: number, degreesOfFreedom: number): number {
  requireProbability(p);
  requirePositive("degreesOfFreedom", degreesOfFreedom);
  if (p === 0 || p === 1) return p === 0 ? 0 : Infinity;
  const a = degreesOfFreedom / 2;
  // P(a, x) = x^a / Γ(a + 1) · (1 + O(x)): exact in double precision once x is below e^-41.
  const logSmall = (Math.log(p) + logGamma(a + 1)) / a;
  if (logSmall < -41) return 2 * Math.exp(logSmall);
  const cubeRoot = 1 - 1 / (9 * a) + normalQuantile(p) / Math.sqrt(9 * a);
  // The leading term bounds the root from below, where Wilson-Hilferty fails in the far lower tail.
  const start = Math.max(logSmall, cubeRoot > 0 ? Math.log(a * cubeRoot ** 3) : -Infinity);
  const u = solve(start, Math.min(p, 1 - p), (point) => {
    const { lower, upper, slope } = regularizedGamma(a, Math.exp(point));
    return p < 0.5 ? { mass: lower, slope } : { mass: upper, slope: -slope };
  });
  return 2 * Math.exp(u);
}
