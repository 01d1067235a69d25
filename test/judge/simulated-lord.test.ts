import { describe, expect, it } from "vitest";
import { normalCdf } from "../../src/judge/distributions.ts";
import { discoveriesOf } from "./lord-stream.ts";
import { normalSource } from "./random.ts";

describe("a stream of tests under LORD++", () => {
  /** Mean share of false discoveries and of true effects found, over `streams` streams of 100 one-sided z tests. */
  function simulate(shareTrue: number, streams: number): { falseShare: number; found: number } {
    const draw = normalSource(20170501);
    let falseShare = 0;
    let found = 0;
    for (let stream = 0; stream < streams; stream += 1) {
      const effects = Array.from({ length: 100 }, () => (normalCdf(draw()) < shareTrue ? 4 : 0));
      const discoveries = discoveriesOf(
        0.2,
        effects.map((effect) => normalCdf(-effect - draw())),
      );
      const wrong = discoveries.filter((index) => effects[index - 1] === 0).length;
      falseShare += wrong / Math.max(1, discoveries.length) / streams;
      const effective = effects.filter((effect) => effect > 0).length;
      found += (discoveries.length - wrong) / Math.max(1, effective) / streams;
    }
    return { falseShare, found };
  }

  // 600 streams: the standard error of a share of 0.2 is at most 1.7 %, and the bounds are the promise itself.
  it("keeps the false discovery rate within alpha and finds what is clear", () => {
    for (const shareTrue of [0, 0.1, 0.3]) {
      const { falseShare, found } = simulate(shareTrue, 600);
      expect(falseShare, `${shareTrue} true`).toBeLessThanOrEqual(0.2);
      if (shareTrue > 0) expect(found, `${shareTrue} true`).toBeGreaterThan(0.5);
    }
  });
});
