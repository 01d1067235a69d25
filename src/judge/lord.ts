/** Error control over a stream of tests whose number nobody knows: LORD++. Pure. */

import { total } from "./statistics.ts";

/**
 * Scale of the weights, from Ramdas et al. 2017, section 5. The weights then sum to 0.913 over all tests, at most 1 as
 * the proof needs; test/judge/lord.test.ts bounds the endless tail by its integral.
 */
const WEIGHT_SCALE = 0.0722;

/** One test of the stream, numbered from 1 in the order in which tests are decided. */
export interface StreamedTest {
  /** False discovery rate to keep to over the whole stream, within 0 and 1 (exclusive). */
  readonly alpha: number;
  readonly index: number;
  /** The indices of earlier tests that rejected, in any order, each once. */
  readonly discoveries: readonly number[];
}

/**
 * The level at which the `index`-th test may reject so that the expected share of false discoveries among all
 * discoveries stays within alpha, at any time, for independent p-values that are uniform or larger under the null.
 * Source: LORD++ of Ramdas, Yang, Wainwright & Jordan 2017, "Online control of the false discovery rate with decaying
 * memory", with the initial wealth alpha / 2. Checked against the reference implementation (R package onlineFDR).
 * Throws RangeError for an alpha outside 0..1 (exclusive), an index that is no whole number above 0, and for discoveries
 * that are not whole numbers from 1 to index - 1, each once.
 */
export function lordLevel({ alpha, index, discoveries }: StreamedTest): number {
  requireStream({ alpha, index, discoveries });
  const wealth = alpha / 2;
  const [first, ...later] = discoveries.toSorted((a, b) => a - b);
  // The first discovery pays back only what the initial wealth left of alpha; every later one pays alpha.
  const earnedFirst = first === undefined ? 0 : (alpha - wealth) * lordWeight(index - first);
  const earnedLater = alpha * total(later.map((discovery) => lordWeight(index - discovery)));
  return wealth * lordWeight(index) + earnedFirst + earnedLater;
}

/**
 * Share of a payment that is spent `age` tests after it was earned, falling with age: 0.0722 log(max(age, 2)) /
 * (age e^√log age). Source: Javanmard & Montanari 2018, eq. 31, with the scale of Ramdas et al. 2017.
 * `age` is a whole number from 1; not checked, since only whole differences of checked indices come here.
 */
export function lordWeight(age: number): number {
  return (WEIGHT_SCALE * Math.log(Math.max(age, 2))) / (age * Math.exp(Math.sqrt(Math.log(age))));
}

function requireStream({ alpha, index, discoveries }: StreamedTest): void {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha must be between 0 and 1, not ${alpha}`);
  if (!(Number.isSafeInteger(index) && index >= 1))
    throw new RangeError(`the index of a test must be a whole number from 1, not ${index}`);
  const odd = discoveries.find((one) => !(Number.isSafeInteger(one) && one >= 1 && one < index));
  if (odd !== undefined)
    throw new RangeError(`a discovery before test ${index} must be a whole number below it, not ${odd}`);
  if (new Set(discoveries).size < discoveries.length) throw new RangeError("a discovery is named twice");
}
