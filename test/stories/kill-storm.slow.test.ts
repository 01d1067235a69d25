import { afterEach, beforeEach, expect, test } from "vitest";
import { makeSurroundings, type Surroundings } from "./command-line.ts";
import { seededUniform, storm } from "./kill-storm.ts";

let place: Surroundings;
beforeEach(async () => {
  place = await makeSurroundings();
});
afterEach(() => place.remove());

// The long one is `npm run bench:kills`.
test.each(["process", "bubblewrap"] as const)(
  "a study in the %s sandbox, killed at random instants, loses, doubles and leaves nothing",
  async (sandbox) => {
    const seed = 1 + Math.floor(Math.random() * 1_000_000);
    const options = { sandbox, seed, experiments: 8, mostKills: 12, random: seededUniform(seed) };
    const { kills, problems } = await storm(place, options);
    expect(problems, `seed ${seed}, killed while ${kills.join(", ")}`).toEqual([]);
    expect(kills.length).toBeGreaterThan(0);
  },
);
