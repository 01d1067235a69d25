/** Plays the judge against normal noise: how often it keeps and promotes, at what cost. `npm run bench:judge [plays]` */

import { RULES } from "../src/judge/rules.ts";
import { normalSource, playPromotion, playTentative } from "../test/judge/simulation.ts";

const plays = Number(process.argv[2] ?? 4000);
const share = (kinds: readonly string[], kind: string) =>
  kinds.filter((one) => one === kind).length / kinds.length;
const percent = (part: number) => `${(100 * part).toFixed(1)} %`.padStart(8);

console.log(`${plays} plays each, sigma estimated from four runs; gain in standard deviations of one run`);
console.log("tier 1            gain     kept   runs");
for (const risk of ["strict", "cautious", "balanced", "bold"] as const) {
  for (const gain of [-1, 0, 0.5, 1, 2, 4]) {
    const normal = normalSource(7);
    const games = Array.from({ length: plays }, () =>
      playTentative({ gain, pairing: 0, normal }, RULES[risk]),
    );
    const kinds = games.map(({ verdict }) => verdict.kind);
    const runs = games.reduce((sum, game) => sum + game.runs, 0) / plays;
    console.log(
      `${risk.padEnd(14)} ${String(gain).padStart(7)} ${percent(share(kinds, "keep"))} ${runs.toFixed(2).padStart(6)}`,
    );
  }
}
console.log("first promotion   gain   proven  suspect  pairs");
for (const gain of [-1, 0, 0.5, 1, 2, 4]) {
  const normal = normalSource(9);
  const games = Array.from({ length: plays }, () => playPromotion({ gain, pairing: 0, normal }));
  const kinds = games.map(({ verdict }) => verdict.kind);
  const pairs = games.reduce((sum, game) => sum + game.pairs, 0) / plays;
  const cells = [
    percent(share(kinds, "keep")),
    percent(share(kinds, "discard")),
    pairs.toFixed(2).padStart(6),
  ];
  console.log(`${"".padEnd(14)} ${String(gain).padStart(7)} ${cells.join(" ")}`);
}
