/** Who plays: nightlab with each risk tolerance it is asked about, and the rules of others. */

import { RULES } from "../../src/judge/rules.ts";
import { playNightlab } from "./nightlab.ts";
import type { Played } from "./play.ts";
import { playRival, RIVALS } from "./rivals.ts";
import type { World } from "./worlds.ts";

type Player = (world: World, about: { play: string; budget: number }) => Promise<Played>;

const nightlab =
  (risk: keyof typeof RULES): Player =>
  async (world, about) => {
    const { lab: _, ...played } = await playNightlab(world, { ...about, rule: RULES[risk] });
    return played;
  };

export const NIGHTLAB = "nightlab";
export const GREEDY = "keep if better";
export const PLAYERS: Readonly<Record<string, Player>> = {
  [NIGHTLAB]: nightlab("balanced"),
  "nightlab, strict": nightlab("strict"),
  ...Object.fromEntries(
    Object.entries(RIVALS).map(([name, rule]): [string, Player] => [
      name,
      async (world, about) => playRival(world, rule, about),
    ]),
  ),
};
