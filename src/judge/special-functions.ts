/**
 * Log-gamma and the regularised incomplete beta and gamma functions.
 * Knows nothing of samples or tests; `distributions.ts` builds on it.
 */

/** Both sides of a cumulative function, each computed without cancellation where it is small. */
export interface Split {
  /** Mass below the point. */
  readonly lower: number;
  /** Mass above the point, 1 - lower. */
  readonly upper: number;
  /** Change of `lower` per unit of log x (gamma) or of log(x / (1 - x)) (beta). */
  readonly slope: number;
}

/** The two shape parameters of the beta function. */
export interface BetaShape {
  readonly a: number;
  readonly b: number;
}

/** log √(2π). */
const HALF_LOG_TWO_PI = 0.9189385332046728;
/** Fractions took at most 727 steps over the range the tests hold (at a = 5e5, growing as √a): more than this is a bug. */
const ITERATION_LIMIT = 1_000_000;

/** Throws RangeError unless `value` is a finite number above 0. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity))
    throw new RangeError(`${name} must be finite and above 0, not ${value}`);
}

// Bernoulli numbers B(2k) / (2k (2k - 1)), Abramowitz & Stegun 6.1.41, highest order first.
const STIRLING_COEFFICIENTS = [
  -3617 / 122400,
  1 / 156,
  -691 / 360360,
  1 / 1188,
  -1 / 1680,
  1 / 1260,
  -1 / 360,
  1 / 12,
];

/** log Γ(z) minus Stirling's (z - ½) log z - z + ½ log 2π; from z = 10 on eight terms are exact to 2e-18. */
function stirlingError(z: number): number {
  let shifted = z;
  let correction = 0;
  for (; shifted < 10; shifted += 1) correction += (shifted + 0.5) * Math.log1p(1 / shifted) - 1;
  const inverseSquare = 1 / (shifted * shifted);
  const series = STIRLING_COEFFICIENTS.reduce((sum, coefficient) => sum * inverseSquare + coefficient, 0);
  return correction + series / shifted;
}

/**
 * Natural logarithm of Γ(x) by Stirling's series with upward recurrence (Abramowitz & Stegun 6.1.41).
 * Domain: 0 < x < ∞, else RangeError. Error at most 1e-14 · max(1, |result|) for x in 1e-6..1e7.
 */
export function logGamma(x: number): number {
  requirePositive("x", x);
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingError(x);
}

/** x log(x / m) + m - x without cancellation near x = m: Loader 2000, "Fast and accurate computation of binomial probabilities". */
function deviance(x: number, m: number): number {
  if (Math.abs(x - m) >= 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const v = (x - m) / (x + m);
  let sum = (x - m) * v;
  let power = 2 * x * v;
  for (let j = 3; ; j += 2) {
    power *= v * v;
    const next = sum + power / j;
    if (next === sum) return sum;
    sum = next;
  }
}

interface Fraction {
  readonly numerator: (m: number) => number;
  readonly denominator: (m: number) => number;
}

/** b0 + a1 / (b1 + a2 / (b2 + …)) by the modified Lentz method (Thompson & Barnett 1986). */
function continuedFraction({ numerator, denominator }: Fraction): number {
  const nonZero = (value: number) => (value === 0 ? 1e-300 : value);
  let value = nonZero(denominator(0));
  let c = value;
  let d = 0;
  for (let m = 1; m < ITERATION_LIMIT; m += 1) {
    const a = numerator(m);
    const b = denominator(m);
    d = 1 / nonZero(b + a * d);
    c = nonZero(b + a / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < 3e-16) return value;
  }
  throw new Error("a continued fraction did not converge");
}

/** Loader's saddle-point form of x^a e^-x / Γ(a): keeps full precision at large a, where log-gammas would cancel. */
function gammaSlope(a: number, x: number): number {
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(-stirlingError(a) - deviance(a, x));
}

function gammaSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n += 1) {
    term *= x / (a + n);
    sum += term;
  }
  return sum;
}

/**
 * Regularised incomplete gamma functions P(a, x) and Q(a, x): power series below x = a + 1,
 * Legendre's continued fraction above (DLMF 8.11.4, 8.9.2).
 * Domain: a > 0 finite, x >= 0 (∞ allowed), else RangeError. The time grows as √a near x = a.
 * Relative error of either side at most 1e-12 for a in 0.25..5e5 and masses from 1e-12 on.
 */
export function regularizedGamma(a: number, x: number): Split {
  requirePositive("a", a);
  if (!(x >= 0)) throw new RangeError(`x must be at least 0, not ${x}`);
  if (x === 0) return { lower: 0, upper: 1, slope: 0 };
  if (x === Infinity) return { lower: 1, upper: 0, slope: 0 };
  const slope = gammaSlope(a, x);
  if (x < a + 1) {
    const lower = Math.min(1, slope * gammaSeries(a, x));
    return { lower, upper: 1 - lower, slope };
  }
  const fraction = { numerator: (m: number) => m * (a - m), denominator: (m: number) => x + 2 * m + 1 - a };
  const upper = Math.min(1, slope / continuedFraction(fraction));
  return { lower: 1 - upper, upper, slope };
}

/** Loader's saddle-point form of x^a y^b / B(a, b). */
function betaSlope({ a, b }: BetaShape, x: number, y: number): number {
  const n = a + b;
  const exponent =
    stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  return Math.sqrt(((a / n) * b) / (2 * Math.PI)) * Math.exp(exponent);
}

/** DiDonato & Morris 1992 (TOMS 708), BFRAC: the form in a y - b x stays exact where x is close to 1. */
function betaFraction({ a, b }: BetaShape, x: number, y: number): number {
  return continuedFraction({
    numerator: (m) =>
      ((a + m - 1) / (a + 2 * m - 1)) * ((a + b + m - 1) / (a + 2 * m - 1)) * m * (b - m) * x * x,
    denominator: (m) =>
      m +
      (m === 0 ? 0 : (m * (b - m) * x) / (a + 2 * m - 1)) +
      ((a + m) * (a * y - b * x + 1 + m * (2 - x))) / (a + 2 * m + 1),
  });
}

/**
 * Regularised incomplete beta functions I_x(a, b) and its complement by a continued fraction,
 * from whichever side of the mean a / (a + b) converges.
 * Domain: a, b > 0 finite, 0 <= x <= 1, else RangeError. Give `y` = 1 - x where it is known more exactly.
 * Relative error of either side at most 1e-12 for a in 0.25..5e5, b = ½ and masses from 1e-12 on; 1e-12 for a, b in 0.5..1e4.
 */
export function regularizedBeta(shape: BetaShape, x: number, y = 1 - x): Split {
  requirePositive("a", shape.a);
  requirePositive("b", shape.b);
  if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) throw new RangeError(`x must be within 0 and 1, not ${x}`);
  if (x === 0) return { lower: 0, upper: 1, slope: 0 };
  if (y === 0) return { lower: 1, upper: 0, slope: 0 };
  const slope = betaSlope(shape, x, y);
  if (shape.b * x <= shape.a * y) {
    const lower = Math.min(1, slope / betaFraction(shape, x, y));
    return { lower, upper: 1 - lower, slope };
  }
  const upper = Math.min(1, slope / betaFraction({ a: shape.b, b: shape.a }, y, x));
  return { lower: 1 - upper, upper, slope };
}
